"""Findings about a team's files: the findings, the catalogue of rules, and the output formats."""
