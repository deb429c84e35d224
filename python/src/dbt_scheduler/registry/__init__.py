"""The asset registry: what each team produces and consumes, where that is kept, and what follows from it."""
