"""Finds the tables that projects already read from each other, and proposes what makes these reads visible."""
