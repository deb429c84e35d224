"""Explains why a task did or did not run: follows tasks and waits upstream, across DAGs, to the root cause."""
