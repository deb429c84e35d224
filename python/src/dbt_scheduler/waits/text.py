"""Renders the waits of a DAG's next runs as text."""

from collections.abc import Sequence

from dbt_scheduler.findings.printable import lines
from dbt_scheduler.findings.table import aligned
from dbt_scheduler.schedule.text import format_local
from dbt_scheduler.spec import DagSpec
from dbt_scheduler.waits.upcoming import UpcomingRun, UpcomingWait

_HEAD = ("WAITS FOR", "DEPENDENCY", "RUN OF", "DUE", "READY BY", "GIVES UP")


def render(spec: DagSpec, runs: Sequence[UpcomingRun]) -> str:
    """One paragraph per run with a line for each wait. All times are in UTC."""
    schedule = spec.schedule
    texts = [f'{spec.dag_id}: {spec.pipeline}, "{schedule.cron}" {schedule.timezone}. Times are in UTC.']
    if not any(run.waits for run in runs):
        return lines([*texts, "No waits: none of its tasks depends on an asset of another DAG."])
    rows = [_HEAD, *(_cells(wait) for run in runs for wait in run.waits)]
    table = [f"  {line}" for line in aligned(rows)]
    head, rest = table[0], iter(table[1:])
    for run in runs:
        of, due = format_local(run.logical_date, schedule), format_local(run.due, schedule)
        texts += ["", f"run of {of}, due {due}", head, *(next(rest) for _ in run.waits)]
    return lines(texts)


def _cells(wait: UpcomingWait) -> tuple[str, ...]:
    producer = wait.producer
    if producer is None:
        return f"{wait.team}.{wait.asset}", wait.dependency, wait.note
    schedule = producer.schedule
    return (
        f"{producer.dag_id} {producer.task_id}",
        wait.dependency,
        format_local(producer.logical_date, schedule),
        format_local(producer.due, schedule),
        format_local(producer.ready_by, schedule) if producer.ready_by else "no SLO",
        format_local(producer.gives_up, schedule),
    )
