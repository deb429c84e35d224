"""The demo's story: a producer is late, its consumer's team hears of it, the data comes, and the run goes on."""

import json
import re
import time
from datetime import datetime

from demo_airflow import Airflow, Run
from demo_teams import TEAMS, FailedError, publish
from rich.console import Console
from rich.markup import escape

PRODUCER, PRODUCING = "transactions_hourly", "facts.fct_orders"
CONSUMER, WAITING, READING = (
    "shipping_hourly",
    "wait_for__hard_dependencies.fct_orders",
    "marts.fct_shipments",
)
_PATIENCE_SECONDS = 120
_PROMISE = (r"regex: \"fct_orders\"\n(\s+)slo: .*", r'regex: "fct_orders"\n\1slo: {hourly: {seconds: 10}}')


def tell(airflow: Airflow, hour: datetime, console: Console) -> None:
    """Run the consumer's next hour first, and the producer's only once the consumer has given up waiting.

    Raises:
        FailedError: the story did not come out.

    """
    config = TEAMS / "transactions" / "scheduler.yaml"
    promise, count = re.subn(*_PROMISE, config.read_text())
    if not count:
        raise FailedError("the example team transactions no longer promises fct_orders")
    config.write_text(promise)
    publish()
    say = _Teller(console)
    say("transactions now promises fct_orders 10 s after the hour's scheduled time, and is late on purpose")
    airflow.create_runs([Run(CONSUMER, hour)])
    failed = _wait(airflow, CONSUMER, WAITING, hour, "failed")
    say(f"{CONSUMER} {WAITING} gave up; its team reads:")
    for line in _alert(airflow.task_log(failed).read_text()):
        console.print(f"           [yellow]{escape(line)}[/]")
    _wait_for_run(airflow, hour, "failed")
    say(f"the run of {CONSUMER} has failed; now transactions gets its data and runs")
    airflow.create_runs([Run(PRODUCER, hour)])
    made = _wait(airflow, PRODUCER, PRODUCING, hour, "success")
    say(f"{PRODUCER} {PRODUCING} has succeeded, late")
    resumed = _wait(airflow, CONSUMER, WAITING, hour, "success")
    say(f"{CONSUMER} {WAITING} is satisfied: {resumed['note'] or 'no note'}")
    read = _wait(airflow, CONSUMER, READING, hour, "success")
    _wait_for_run(airflow, hour, "success")
    took = _moment(read["start_date"]) - _moment(made["end_date"])
    say(
        f"{CONSUMER} {READING} started {took.total_seconds():.1f} s after the data was there, and the run succeeded"
    )


class _Teller:
    """Says what happened, with the time of day."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, text: str) -> None:
        self._console.print(f"{datetime.now().astimezone():%H:%M:%S}  {escape(text)}")


def _wait(airflow: Airflow, dag_id: str, task_id: str, hour: datetime, state: str) -> dict:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        for task in airflow.task_instances():
            found = (task["dag_id"], task["task_id"], task["state"])
            if found == (dag_id, task_id, state) and _moment(task["logical_date"]) == hour:
                return task
        _go_on(airflow, deadline, f"{dag_id} {task_id} to be {state}")


def _wait_for_run(airflow: Airflow, hour: datetime, state: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while airflow.run_state(CONSUMER, hour) != state:
        _go_on(airflow, deadline, f"the run of {CONSUMER} to be {state}")


def _go_on(airflow: Airflow, deadline: float, what: str) -> None:
    airflow.check()
    if time.monotonic() > deadline:
        raise FailedError(f"waited {_PATIENCE_SECONDS} s for {what}")
    time.sleep(0.5)


def _alert(log: str) -> list[str]:
    """The alert in a task's log: the message that says dependency failure."""
    events = [json.loads(line).get("event", "") for line in log.splitlines() if line.startswith("{")]
    found = [event for event in events if "dependency failure" in event]
    if not found:
        raise FailedError("no alert was sent for the dependency failure")
    return found[0].splitlines()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
