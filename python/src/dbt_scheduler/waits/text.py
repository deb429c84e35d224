"""The waits of a DAG's next runs as a table for a person at a terminal."""

from collections.abc import Sequence

from dbt_scheduler.findings.printable import lines, one_line
from dbt_scheduler.schedule.text import format_local
from dbt_scheduler.spec import DagSpec
from dbt_scheduler.waits.upcoming import UpcomingRun, UpcomingWait

_HEAD = ("WAITS FOR", "DEPENDENCY", "RUN OF", "DUE", "READY BY", "GIVES UP")


def render(spec: DagSpec, runs: Sequence[UpcomingRun]) -> str:
    """A paragraph for each run, with a line for each of its waits. All times are in UTC."""
    schedule = spec.schedule
    texts = [f'{spec.dag_id}: {spec.pipeline}, "{schedule.cron}" {schedule.timezone}. Times are in UTC.']
    if not any(run.waits for run in runs):
        return lines([*texts, "It waits for nothing: no task of it needs an asset of another DAG."])
    table = _aligned([_HEAD, *(_cells(wait) for run in runs for wait in run.waits)])
    head, rows = table[0], iter(table[1:])
    for run in runs:
        of, due = format_local(run.logical_date, schedule), format_local(run.due, schedule)
        texts += ["", f"run of {of}, due {due}", head, *(next(rows) for _ in run.waits)]
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


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell; a row with fewer cells ends in a sentence."""
    rows = [[*map(one_line, row)] for row in rows]
    full = [row for row in rows if len(row) == len(rows[0])]
    columns = [*zip(*full, strict=True)]
    # The first two cells of a row that ends in a sentence stand in columns too.
    widths = [max(map(len, column)) for column in columns]
    for at in (0, 1):
        widths[at] = max(len(row[at]) for row in rows)
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]  # noqa: B905
