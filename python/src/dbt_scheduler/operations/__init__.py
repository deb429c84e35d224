"""What people do to runs of several teams at once: run again, backfill, pause. Each is a plan first."""
