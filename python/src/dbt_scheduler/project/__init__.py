"""One team by itself: its manifest and its ``scheduler.yaml``, brought together."""
