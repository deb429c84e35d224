"""Finds tables that projects already read from each other, and proposes declarations for them."""
