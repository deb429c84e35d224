"""The demo's story: a producer is late, its consumer's team hears of it, the data comes, and the run goes on."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from demo_airflow import Airflow
from demo_api import Api, Run, TooLateError
from demo_processes import Login
from demo_teams import TEAMS, FailedError, publish, sweep
from demo_watch import events
from rich.console import Console
from rich.markup import escape

PRODUCER, PRODUCING = "transactions_hourly", "facts.fct_orders"
CONSUMER, WAITING, READING = (
    "shipping_hourly",
    "wait_for__hard_dependencies.fct_orders",
    "marts.fct_shipments",
)
_PROMISE = (r"regex: \"fct_orders\"\n(\s+)slo: .*", r'regex: "fct_orders"\n\1slo: {hourly: {seconds: 10}}')
_CALLBACK_SECONDS = 60
"""Long after a callback's own limit."""


@dataclass(frozen=True)
class Task:
    """A task of a run."""

    run: Run
    task_id: str

    def __str__(self) -> str:
        """As the story names it."""
        return f"{self.run.dag_id} {self.task_id}"


def tell(airflow: Airflow, api: Api, hour: datetime, console: Console) -> None:
    """Run the consumer's next hour first, and the producer's only once the consumer has given up waiting.

    Raises:
        FailedError: the story did not come out.

    """
    promise_sooner()
    say = Teller(console)
    say("transactions now promises fct_orders 10 s after the hour's scheduled time, and is late on purpose")
    consumer, producer = Run(CONSUMER, hour), Run(PRODUCER, hour)
    api.create_runs([consumer])
    failed = wait_for_task(api, Task(consumer, WAITING), "failed", "success")
    say(f"{CONSUMER} {WAITING} gave up; its team reads:")
    for line in wait_for_alert(api, airflow.task_log(failed)):
        console.print(f"           [yellow]{escape(line)}[/]")
    wait_for_run(api, consumer, "failed")
    say(f"the run of {CONSUMER} has failed; now transactions gets its data and runs")
    api.create_runs([producer])
    made = wait_for_task(api, Task(producer, PRODUCING), "success", "failed")
    say(f"{PRODUCER} {PRODUCING} has succeeded, late")
    resumed = wait_until_resumed(api, Task(consumer, WAITING), say, airflow.callbacks)
    say(f"{CONSUMER} {WAITING} is satisfied: {resumed['note'] or 'no note'}")
    read = wait_for_task(api, Task(consumer, READING), "success", "failed")
    wait_for_run(api, consumer, "success")
    took = _moment(read["start_date"]) - _moment(made["end_date"])
    say(
        f"{CONSUMER} {READING} started {took.total_seconds():.1f} s after the data was there, and the run succeeded"
    )


def promise_sooner() -> None:
    """The producer's team promises its table for an earlier moment."""
    config = TEAMS / "transactions" / "scheduler.yaml"
    promise, count = re.subn(*_PROMISE, config.read_text())
    if not count:
        raise FailedError("the example team transactions no longer promises fct_orders")
    config.write_text(promise)
    publish()


def wait_for_task(api: Api, task: Task, state: str, never: str) -> dict:
    """The task instance once it has this state; FailedError at once when it ends in the other one."""

    def look() -> dict | None:
        found = _find(api, task)
        if found and found["state"] == never:
            raise FailedError(f"{task} is {never}, not {state}")
        return found if found and found["state"] == state else None

    return api.wait_for(f"{task} to be {state}", look)


def wait_for_run(api: Api, run: Run, state: str) -> None:
    """Until the run has this state."""
    api.wait_for(f"the run of {run.dag_id} to be {state}", lambda: api.run_states().get(run) == state or None)


def wait_for_alert(api: Api, log: Path) -> list[str]:
    """The alert in a task's log, which may be written after the task's state: it says dependency failure."""

    def look() -> list[str] | None:
        said = events(log.read_text()) if log.exists() else []
        return next((event.splitlines() for event in said if "dependency failure" in event), None)

    return api.wait_for("the alert of the dependency failure", look)


def wait_until_resumed(api: Api, task: Task, say: "Teller", login: Login | None) -> dict:
    """The sensor once the producer's callback has satisfied it; or else the sweep, as on any platform."""

    def satisfied() -> dict | None:
        found = _find(api, task)
        return found if found and found["state"] == "success" else None

    try:
        return api.wait_for(f"{task} to be satisfied", satisfied, _CALLBACK_SECONDS)
    except TooLateError:
        say("the callback did not get through in time; the sweep does what it could not")
        sweep(api.url, login)
        return api.wait_for(f"{task} to be satisfied", satisfied)


class Teller:
    """Says what happened, with the time of day."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, text: str) -> None:
        """Print a line."""
        self._console.print(f"{datetime.now().astimezone():%H:%M:%S}  {escape(text)}")


def _find(api: Api, task: Task) -> dict | None:
    for each in api.task_instances(task.run.dag_id):
        if each["task_id"] == task.task_id and _moment(each["logical_date"]) == task.run.start:
            return each
    return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
