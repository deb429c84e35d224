"""What runs where dbt is installed: slices of a project, and the runner of one; with dbt and Python only."""
