"""Whether a deployed platform works: one line for each of its parts, with what to do about it."""
