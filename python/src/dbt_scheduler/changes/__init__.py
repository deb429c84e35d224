"""Compares two compiled versions of a team: breaking changes of exposed assets, and changes of its DAGs."""
