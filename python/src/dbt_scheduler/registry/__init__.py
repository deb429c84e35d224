"""The asset registry: what each team produces and consumes, its storage and its lookups."""
