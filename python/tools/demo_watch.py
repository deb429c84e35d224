"""The second half of the demo: watches the runs, and prints their results."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import duckdb
from demo_airflow import Airflow
from demo_api import Api, Run, TooLateError
from demo_teams import TEAMS, specs
from rich.console import Console
from rich.markup import escape
from rich.table import Table

MOVING = {"scheduled", "queued", "running", "up_for_retry", "restarting"}
ENDED = {"success", "failed", "upstream_failed", "skipped", "removed"}
OVER = {"success", "failed"}
COLOURS = {"success": "green", "failed": "red", "upstream_failed": "yellow"}


@dataclass(frozen=True)
class _News:
    """The tasks that ended since the last look, whether all runs are over, and whether any failed."""

    ended: list[dict]
    over: bool
    failed: bool


def watch(airflow: Airflow, api: Api, runs: list[Run], console: Console) -> bool:
    """Print a line for each task that ends, with the end of the log if it failed. Returns whether any run failed."""
    shown: set[str] = set()
    sensors = {(spec["dag_id"], sensor["task_id"]) for spec in specs() for sensor in spec["sensors"]}
    while True:
        try:  # each task that ends restarts the time limit
            news = api.wait_for("the next task to end", partial(_news, api, runs, shown))
        except TooLateError as error:
            console.print(f"[red]{escape(error.args[0])}[/]")
            return True
        for task in news.ended:
            shown.add(task["id"])
            _show_task(airflow, task, console, waited=(task["dag_id"], task["task_id"]) in sensors)
        if news.over:
            return news.failed


def show_results(api: Api, runs: list[Run], console: Console) -> None:
    """Print the runs, and which DAGs waited for which tasks."""
    tasks, states = api.task_instances(), api.run_states()
    table = Table(
        "DAG", "state", "tasks", "sensors", "from", "to", box=None, title="DAG runs", title_justify="left"
    )
    for run in runs:
        own = [task for task in tasks if task["dag_id"] == run.dag_id]
        succeeded = {task["task_id"] for task in own if task["state"] == "success"}
        (spec,) = (spec for spec in specs() if spec["dag_id"] == run.dag_id)
        table.add_row(
            run.dag_id,
            states.get(run, "?"),
            _of(succeeded, [task["task_id"] for task in spec["tasks"]]),
            _of(succeeded, [sensor["task_id"] for sensor in spec["sensors"]]),
            _clock(min((task["start_date"] for task in own if task["start_date"]), default=None)),
            _clock(max((task["end_date"] for task in own if task["end_date"]), default=None)),
        )
    console.print()
    console.print(table)
    _show_waits(tasks, console)


def show_tables(console: Console) -> None:
    """Print the tables in the warehouse; no task may be writing to it."""
    table = Table("table", "rows", box=None, title="In the warehouse", title_justify="left")
    with duckdb.connect(str(TEAMS / "warehouse.duckdb"), read_only=True) as warehouse:
        found = warehouse.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
        for schema, name in found:
            rows = warehouse.execute(f'select count(*) from "{schema}"."{name}"').fetchone()  # noqa: S608
            table.add_row(f"{schema}.{name}", str(rows[0]))
    console.print(table)


def events(log: str) -> list[str]:
    """The messages in a log file of Airflow, with one JSON object per line; without an incomplete last line."""
    whole = [line for line in log.splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line).get("event", line) if line.startswith("{") else line.rstrip() for line in whole]


def _news(api: Api, runs: list[Run], shown: set[str]) -> _News | None:
    """The news since the last look; None if there are none."""
    states = api.run_states()  # before the tasks, so that all tasks of a finished run have ended
    tasks = api.task_instances()
    ended = [task for task in tasks if task["state"] in ENDED and task["id"] not in shown]
    failed = any(states.get(run) == "failed" for run in runs) or any(t["state"] == "failed" for t in tasks)
    # Tasks that wait for a failed task would wait until someone fixes it.
    stuck = failed and not any(task["state"] in MOVING for task in tasks)
    over = stuck or all(states.get(run) in OVER for run in runs)
    if not ended and not over:
        return None
    return _News(sorted(ended, key=lambda task: task["end_date"] or ""), over, failed)


def _show_waits(tasks: list[dict], console: Console) -> None:
    ends = {(task["dag_id"], task["task_id"]): task["end_date"] for task in tasks}
    table = Table("task", "ready", "waiting DAG", "resumed", box=None, title="Waits", title_justify="left")
    for spec in specs():
        for sensor in spec["sensors"]:
            producer = sensor["producer"]
            resumed = ends.get((spec["dag_id"], sensor["task_id"]))
            if resumed:
                ready = ends.get((producer["dag_id"], producer["task_id"]))
                # An hourly run waits for the newest finished day, and there is none before the first day.
                when = _clock(ready) if ready and ready <= resumed else "none before"
                table.add_row(
                    f"{producer['dag_id']} {producer['task_id']}", when, spec["dag_id"], _clock(resumed)
                )
    console.print(table)


def _show_task(airflow: Airflow, task: dict, console: Console, *, waited: bool) -> None:
    took = f"{task['duration']:.1f} s" if task["duration"] is not None else ""
    colour = "dim" if waited else COLOURS.get(task["state"], "")
    console.print(
        f"[{colour or 'default'}]{_clock(task['end_date'])}  {task['dag_id']:20} {task['task_id']:52} "
        f"{task['state']:9} {took:>8}[/]"
    )
    log = airflow.task_log(task)
    if task["state"] == "failed" and log.exists():
        console.print("\n".join(f"    {escape(line)}" for line in events(log.read_text())[-40:]))


def _of(succeeded: set[str], names: list[str]) -> str:
    return f"{len(succeeded & set(names))} of {len(names)}"


def _clock(moment: str | None) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S") if moment else "        "
