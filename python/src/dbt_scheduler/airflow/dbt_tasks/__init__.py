"""What all dbt tasks share, wherever dbt runs: its arguments, files, hooks and results."""
