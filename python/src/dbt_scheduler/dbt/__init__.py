"""Slices of a dbt project, and the runner that uses them; runs in dbt's environment and needs only dbt and Python."""
