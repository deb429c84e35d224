"""The second half of the demo: watching the runs, and telling what they did."""

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
    """Tasks that have ended since the last look; whether that was all, and whether some run failed."""

    ended: list[dict]
    over: bool
    failed: bool


def watch(airflow: Airflow, api: Api, runs: list[Run], console: Console) -> bool:
    """Prints a line as each task ends, and the end of a failed one's log; whether any run did not succeed."""
    shown: set[str] = set()
    sensors = {(spec["dag_id"], sensor["task_id"]) for spec in specs() for sensor in spec["sensors"]}
    while True:
        try:  # whatever has ended starts the patience anew
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
    """What ran, and who waited for whom."""
    tasks, states = api.task_instances(), api.run_states()
    table = Table(
        "DAG", "state", "tasks", "sensors", "from", "to", box=None, title="What ran", title_justify="left"
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
    """The tables that are there now; no task may be writing one."""
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
    """The messages of Airflow's log file, which has a JSON object a line; a line still being written is none."""
    whole = [line for line in log.splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line).get("event", line) if line.startswith("{") else line.rstrip() for line in whole]


def _news(api: Api, runs: list[Run], shown: set[str]) -> _News | None:
    """What is worth saying now; None if nothing is."""
    states = api.run_states()  # before the tasks: of a run that is over, all of them have ended
    tasks = api.task_instances()
    ended = [task for task in tasks if task["state"] in ENDED and task["id"] not in shown]
    failed = any(states.get(run) == "failed" for run in runs) or any(t["state"] == "failed" for t in tasks)
    # What is below a failed task waits for it, as it would for somebody to fix it.
    stuck = failed and not any(task["state"] in MOVING for task in tasks)
    over = stuck or all(states.get(run) in OVER for run in runs)
    if not ended and not over:
        return None
    return _News(sorted(ended, key=lambda task: task["end_date"] or ""), over, failed)


def _show_waits(tasks: list[dict], console: Console) -> None:
    ends = {(task["dag_id"], task["task_id"]): task["end_date"] for task in tasks}
    table = Table(
        "task", "ready", "waiting DAG", "went on", box=None, title="Who waited for whom", title_justify="left"
    )
    for spec in specs():
        for sensor in spec["sensors"]:
            producer = sensor["producer"]
            went_on = ends.get((spec["dag_id"], sensor["task_id"]))
            if went_on:
                ready = ends.get((producer["dag_id"], producer["task_id"]))
                # An hourly run looks at the newest finished day, and there was none before this one.
                when = _clock(ready) if ready and ready <= went_on else "none before"
                table.add_row(
                    f"{producer['dag_id']} {producer['task_id']}", when, spec["dag_id"], _clock(went_on)
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
