"""Queries of the registry: assets, their producers and their consumers."""
