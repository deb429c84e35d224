"""Analyses compiled SQL."""
