"""Why a task did or did not run: up the chain of tasks and waits, across DAGs, to the root cause."""
