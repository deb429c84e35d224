"""``backfill``: runs several teams' DAGs for past dates, with Airflow's own backfills."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

import click

from dbt_scheduler.airflow_api.client import BACKFILL_SECONDS, AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError, AirflowForbiddenError, AirflowUnauthorizedError
from dbt_scheduler.cli.airflow_options import BUDGET_SECONDS
from dbt_scheduler.cli.airflow_session import open_airflow, session_options
from dbt_scheduler.cli.confirm import confirm, dry_run_option, yes_option
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.shared import say
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import lines
from dbt_scheduler.operations.backfill import (
    DagBackfill,
    Plan,
    Progress,
    Request,
    look,
    plan_backfill,
    start,
)
from dbt_scheduler.schedule import Interval
from dbt_scheduler.schedule.text import format_utc

_DATE = click.DateTime(["%Y-%m-%d"])
_LAST_MOMENT = timedelta(days=1, microseconds=-1)
_EVERY_SECONDS = 5
_RESTART_SECONDS = 300
"""Airflow's API may not respond that long while it restarts or is upgraded."""

_MOST_DATES = 3
_FIRST_YEAR = 1970


@click.command(epilog=examples("backfill shipping shop --from 2025-03-01 --to 2025-03-31"))
@click.argument("teams", metavar="TEAM...", nargs=-1, required=True)
@click.option("--from", "first", type=_DATE, required=True, metavar="DATE", help="The first day, in UTC.")
@click.option("--to", "last", type=_DATE, required=True, metavar="DATE", help="The last day, inclusive.")
@click.option(
    "--reprocess",
    type=click.Choice(["none", "failed", "completed"]),
    default="none",
    show_default=True,
    help="Which existing runs to rerun, in addition to missing ones.",
)
@click.option(
    "--max-active-runs",
    type=click.IntRange(1, 1000),
    default=4,
    show_default=True,
    help="The maximum number of active backfill runs per DAG.",
)
@dry_run_option
@yes_option
@session_options
def backfill(  # noqa: PLR0913 - click passes each option
    teams: tuple[str, ...],
    first: datetime,
    last: datetime,
    reprocess: str,
    max_active_runs: int,
    *,
    dry_run: bool,
    yes: bool,
    **options: Any,  # noqa: ANN401 - from click
) -> None:
    """Backfill the DAGs of these teams, after showing a plan, and wait for the runs to finish.

    Airflow runs the backfills: if this command is interrupted, they continue. Run the command again to see
    their progress. Exit code 1: some runs failed.
    """
    dates = _dates_between(first, last)
    request = Request(dates, reprocess, max_active_runs)
    with open_airflow(BUDGET_SECONDS, **options) as (api, registry):
        plan = plan_backfill(api, registry.entries, list(dict.fromkeys(teams)), request)
        backfills = plan.backfills
        sys.stdout.write(lines(_lines(plan)))
        count = format_count(sum(len(each.dates) for each in backfills), "run")
        if not backfills or dry_run:
            return
        _require_unpaused(backfills)
        if not _wanted(backfills, count, yes=yes):
            return
        try:
            for each in backfills:
                api.allow(BUDGET_SECONDS + BACKFILL_SECONDS)
                start(api, each, request)
                say(f"{each.dag_id}: {'already running' if each.going_on else 'started'}")
            progress = _follow(api, backfills, dates)
        except KeyboardInterrupt:
            fix = "run the command again to see their progress, or cancel them in Airflow"
            raise UsageError("interrupted: the backfills continue in Airflow", fix) from None
    sys.stdout.write(lines(f"{' '.join(key)} failed" for key in progress.failed))
    sys.exit(1 if progress.failed else 0)


def _dates_between(first: datetime, last: datetime) -> Interval:
    """The interval from the start of the first day to the end of the last day, in UTC.

    Raises:
        click.BadParameter: the dates are not in order, in the future, or too early.

    """
    if last < first:
        raise click.BadParameter("must not be before --from", param_hint="--to")
    for date, option in ((first, "--from"), (last, "--to")):
        if date.replace(tzinfo=UTC) > datetime.now(UTC):
            raise click.BadParameter("must not be in the future", param_hint=option)
        if date.year < _FIRST_YEAR:  # no pipeline starts earlier, and Airflow then returns no runs at all
            raise click.BadParameter(f"must not be before {_FIRST_YEAR}", param_hint=option)
    return Interval(first.replace(tzinfo=UTC), last.replace(tzinfo=UTC) + _LAST_MOMENT)


def _wanted(plan: Sequence[DagBackfill], count: str, *, yes: bool) -> bool:
    return all(each.going_on for each in plan) or confirm(f"Start {count}?", yes=yes)


def _require_unpaused(plan: Sequence[DagBackfill]) -> None:
    for each in plan:
        if each.paused:
            fix = f"run `dbt-scheduler pause {each.team} --off` first"
            raise UsageError(f"{each.dag_id} is paused, so its runs would not start", fix)


def _follow(api: AirflowApi, plan: Sequence[DagBackfill], dates: Interval) -> Progress:
    shown, answered = None, monotonic()
    while True:
        api.allow(BUDGET_SECONDS)
        try:
            progress = look(api, plan, dates)
        except AirflowApiError as error:
            refused = isinstance(error, AirflowForbiddenError | AirflowUnauthorizedError)
            if refused or monotonic() - answered > _RESTART_SECONDS:
                say("the backfills continue in Airflow: run the command again to see their progress")
                raise
            if shown != str(error):
                say(f"{error} Trying again.")
                shown = str(error)
            sleep(_EVERY_SECONDS)
            continue
        answered = monotonic()
        text = (
            f"{progress.over} of {format_count(progress.runs, 'run')} finished, {len(progress.failed)} failed"
        )
        if text != shown:
            sys.stderr.write(f"{text}\n")
            shown = text
        if progress.done:
            return progress
        sleep(_EVERY_SECONDS)


def _lines(plan: Plan) -> Iterator[str]:
    planned = {each.dag_id for each in plan.backfills}
    for each in plan.backfills:
        what = "a backfill is already running" if each.going_on else _dates(each.dates)
        what += "; the DAG is paused" if each.paused else ""
        yield f"{each.dag_id} of team {each.team}: {what}"
        for wait in each.waits:
            producer = wait.producer.dag_id
            outside = (
                ""
                if producer in planned
                else (", which is not part of this backfill: its runs must already exist")
            )
            yield f"  waits for {wait.asset} of {producer}{outside}"
    for dag_id, reason in plan.left_out.items():
        yield f"{dag_id}: nothing to do: {reason}"


def _dates(dates: Sequence[datetime]) -> str:
    first = ", ".join(f"{format_utc(each)} UTC" for each in dates[:_MOST_DATES])
    return f"{format_count(len(dates), 'run')}: {first}{', ...' if len(dates) > _MOST_DATES else ''}"
