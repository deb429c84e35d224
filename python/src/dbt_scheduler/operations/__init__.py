"""Operations on runs of several teams: rerun, backfill, pause. Each starts with a plan."""

EACH_SECONDS = 20
"""The minimum time budget for API requests about one DAG."""
