"""Schedules of pipelines, the periods that their runs cover, and which run waits for which: pure and fast."""

from dbt_scheduler.pipelines.alignment import (
    awaited,
    awaiting,
    cadence_seconds,
    most_frequent,
    pick_pipeline,
    wait_lag_seconds,
)
from dbt_scheduler.pipelines.batches import BATCH_SIZES, batch_start
from dbt_scheduler.pipelines.naming import manual_dates, named_run
from dbt_scheduler.pipelines.periods import period
from dbt_scheduler.pipelines.problems import alignment_problems, unreadable_part, unusable_schedule
from dbt_scheduler.pipelines.readiness import ready_words
from dbt_scheduler.pipelines.ticks import (
    Interval,
    before_start,
    first_instant,
    manual_interval,
    next_tick,
    previous_tick,
    run_interval,
    scheduled_time,
)

__all__ = [
    "BATCH_SIZES",
    "Interval",
    "alignment_problems",
    "awaited",
    "awaiting",
    "batch_start",
    "before_start",
    "cadence_seconds",
    "first_instant",
    "manual_dates",
    "manual_interval",
    "most_frequent",
    "named_run",
    "next_tick",
    "period",
    "pick_pipeline",
    "previous_tick",
    "ready_words",
    "run_interval",
    "scheduled_time",
    "unreadable_part",
    "unusable_schedule",
    "wait_lag_seconds",
]
