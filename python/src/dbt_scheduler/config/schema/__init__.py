"""Validates input against JSON Schema, and reports violations in plain words."""
