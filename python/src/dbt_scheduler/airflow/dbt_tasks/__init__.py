"""What all dbt tasks share, wherever dbt runs: arguments, files, hooks and results."""
