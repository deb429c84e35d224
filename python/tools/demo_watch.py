"""The second half of the demo: watching the runs, and telling what they did."""

import json
import time
from datetime import datetime

import duckdb
from demo_airflow import Airflow, Run
from demo_teams import TEAMS, specs
from rich.console import Console
from rich.markup import escape
from rich.table import Table

PATIENCE = 600
MOVING = {"scheduled", "queued", "running", "up_for_retry", "restarting"}
ENDED = {"success", "failed", "upstream_failed", "skipped", "removed"}
COLOURS = {"success": "green", "failed": "red", "upstream_failed": "yellow"}


def watch(airflow: Airflow, runs: list[Run], console: Console) -> bool:
    """Prints a line as each task ends, and the end of a failed one's log; whether any run did not succeed."""
    shown: set[tuple[str, str]] = set()
    sensors = {(spec["dag_id"], sensor["task_id"]) for spec in specs() for sensor in spec["sensors"]}
    deadline = time.monotonic() + PATIENCE
    while True:
        states = airflow.run_states()
        tasks = airflow.task_instances()
        ended = [task for task in tasks if task["state"] in ENDED]
        for task in sorted(ended, key=lambda task: task["end_date"] or ""):
            key = (task["dag_id"], task["task_id"])
            if key not in shown:
                shown.add(key)
                _show_task(airflow, task, console, waited=key in sensors)
        if all(state in ("success", "failed") for state in states.values()) and len(states) == len(runs):
            return set(states.values()) != {"success"}
        if not any(task["state"] in MOVING for task in tasks) and any(t["state"] == "failed" for t in tasks):
            return True  # the others wait for what has failed, as they would for somebody to mend it
        if time.monotonic() > deadline:
            console.print(f"[red]not finished after {PATIENCE} s[/]")
            return True
        airflow.check()
        time.sleep(1)


def show_results(airflow: Airflow, console: Console) -> None:
    """What ran, who waited for whom, and the tables that are there now."""
    tasks = airflow.task_instances()
    states = airflow.run_states()
    table = Table(
        "DAG", "state", "tasks", "sensors", "from", "to", box=None, title="What ran", title_justify="left"
    )
    for spec in specs():
        own = [task for task in tasks if task["dag_id"] == spec["dag_id"]]
        if not own:
            continue
        succeeded = {task["task_id"] for task in own if task["state"] == "success"}
        table.add_row(
            spec["dag_id"],
            states.get(spec["dag_id"], "?"),
            _of(succeeded, [task["task_id"] for task in spec["tasks"]]),
            _of(succeeded, [sensor["task_id"] for sensor in spec["sensors"]]),
            _clock(min(task["start_date"] for task in own if task["start_date"])),
            _clock(max(task["end_date"] for task in own if task["end_date"])),
        )
    console.print()
    console.print(table)
    _show_waits(tasks, console)
    _show_tables(console)


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


def _show_tables(console: Console) -> None:
    table = Table("table", "rows", box=None, title="In the warehouse", title_justify="left")
    with duckdb.connect(str(TEAMS / "warehouse.duckdb"), read_only=True) as warehouse:
        found = warehouse.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
        for schema, name in found:
            rows = warehouse.execute(f'select count(*) from "{schema}"."{name}"').fetchone()  # noqa: S608
            table.add_row(f"{schema}.{name}", str(rows[0]))
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
        console.print("\n".join(f"    {escape(line)}" for line in _events(log.read_text())[-40:]))


def _events(log: str) -> list[str]:
    """The messages of Airflow's log file, which has a JSON object a line."""
    return [
        json.loads(line).get("event", line) if line.startswith("{") else line for line in log.splitlines()
    ]


def _of(succeeded: set[str], names: list[str]) -> str:
    return f"{len(succeeded & set(names))} of {len(names)}"


def _clock(moment: str | None) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S") if moment else "        "
