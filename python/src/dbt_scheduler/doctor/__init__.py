"""Checks a deployed platform: one line for each part, with how to fix problems."""
