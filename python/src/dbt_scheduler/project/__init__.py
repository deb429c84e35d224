"""A single team: its manifest and its ``scheduler.yaml``."""
