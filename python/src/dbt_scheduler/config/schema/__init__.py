"""JSON Schema at every border, with its verdict in the words of a user."""
