"""Operations on runs of several teams: rerun, backfill, pause. Each starts with a plan."""
