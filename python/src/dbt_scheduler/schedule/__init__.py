"""Schedules of pipelines, the periods that runs cover, and the alignment of runs: pure functions."""

from dbt_scheduler.schedule.alignment import (
    awaited_interval,
    cadence_seconds,
    most_frequent,
    newest_run,
    pick_pipeline,
    wait_lag_seconds,
)
from dbt_scheduler.schedule.batches import BATCH_SIZES, batch_start
from dbt_scheduler.schedule.named_periods import manual_dates, named_run
from dbt_scheduler.schedule.periods import period
from dbt_scheduler.schedule.text import format_readiness
from dbt_scheduler.schedule.ticks import (
    Interval,
    before_start,
    first_instant,
    manual_interval,
    next_run,
    next_tick,
    run_interval,
    runs_due_from,
    scheduled_time,
)
from dbt_scheduler.schedule.validation import alignment_problems, unreadable_part, unusable_schedule

__all__ = [
    "BATCH_SIZES",
    "Interval",
    "alignment_problems",
    "awaited_interval",
    "batch_start",
    "before_start",
    "cadence_seconds",
    "first_instant",
    "format_readiness",
    "manual_dates",
    "manual_interval",
    "most_frequent",
    "named_run",
    "newest_run",
    "next_run",
    "next_tick",
    "period",
    "pick_pipeline",
    "run_interval",
    "runs_due_from",
    "scheduled_time",
    "unreadable_part",
    "unusable_schedule",
    "wait_lag_seconds",
]
