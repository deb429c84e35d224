"""Operations on runs of several teams: rerun, backfill, pause. Each starts with a plan."""

EACH_SECONDS = 20
"""The least time that Airflow has to answer about one DAG, however many come before it."""
