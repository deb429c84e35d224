"""What people do to runs of several teams at once: run again, backfill, pause. Each is a plan first."""

EACH_SECONDS = 20
"""What Airflow has at least for what is asked about one DAG, however many come before it."""
