"""Compiles a team's graph to the files that Airflow loads."""
