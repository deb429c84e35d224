"""The demo's story: a producer is late, the consumer's team is notified, the data arrives, and the run resumes."""

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
_SLO = (r"regex: \"fct_orders\"\n(\s+)slo: .*", r'regex: "fct_orders"\n\1slo: {hourly: {seconds: 10}}')
_CALLBACK_SECONDS = 60
"""Much longer than the time limit of a callback."""


@dataclass(frozen=True)
class Task:
    """A task of a run."""

    run: Run
    task_id: str

    def __str__(self) -> str:
        """As in the output."""
        return f"{self.run.dag_id} {self.task_id}"


def tell(airflow: Airflow, api: Api, hour: datetime, console: Console) -> None:
    """Run the consumer's next hour first, and the producer's only after the consumer's sensor timed out.

    Raises:
        FailedError: a task had an unexpected state.

    """
    shorten_slo()
    say = Teller(console)
    say("transactions now has an SLO of 10 s for fct_orders, and is late on purpose")
    consumer, producer = Run(CONSUMER, hour), Run(PRODUCER, hour)
    api.create_runs([consumer])
    failed = wait_for_task(api, Task(consumer, WAITING), "failed", "success")
    say(f"{CONSUMER} {WAITING} timed out; the alert to its team:")
    for line in wait_for_alert(api, airflow.task_log(failed)):
        console.print(f"           [yellow]{escape(line)}[/]")
    wait_for_run(api, consumer, "failed")
    say(f"the run of {CONSUMER} failed; now transactions runs")
    api.create_runs([producer])
    made = wait_for_task(api, Task(producer, PRODUCING), "success", "failed")
    say(f"{PRODUCER} {PRODUCING} succeeded, late")
    resumed = wait_until_resumed(api, Task(consumer, WAITING), say, airflow.callbacks)
    say(f"{CONSUMER} {WAITING} is satisfied: {resumed['note'] or 'no note'}")
    read = wait_for_task(api, Task(consumer, READING), "success", "failed")
    wait_for_run(api, consumer, "success")
    took = _moment(read["start_date"]) - _moment(made["end_date"])
    say(
        f"{CONSUMER} {READING} started {took.total_seconds():.1f} s after the data was ready, and the run succeeded"
    )


def shorten_slo() -> None:
    """Shorten the SLO of the producer's table in the copy of its team's project, and publish it."""
    config = TEAMS / "transactions" / "scheduler.yaml"
    text, count = re.subn(*_SLO, config.read_text())
    if not count:
        raise FailedError("the example team transactions no longer has an SLO for fct_orders")
    config.write_text(text)
    publish()


def wait_for_task(api: Api, task: Task, state: str, never: str) -> dict:
    """Wait for a task instance to have this state; FailedError as soon as it has the state ``never``."""

    def look() -> dict | None:
        found = _find(api, task)
        if found and found["state"] == never:
            raise FailedError(f"{task} is {never}, not {state}")
        return found if found and found["state"] == state else None

    return api.wait_for(f"{task} to be {state}", look)


def wait_for_run(api: Api, run: Run, state: str) -> None:
    """Wait for the run to have this state."""
    api.wait_for(f"the run of {run.dag_id} to be {state}", lambda: api.run_states().get(run) == state or None)


def wait_for_alert(api: Api, log: Path) -> list[str]:
    """Wait for the alert (dependency failure) in a task's log, which may be written after the task's state."""

    def look() -> list[str] | None:
        said = events(log.read_text()) if log.exists() else []
        return next((event.splitlines() for event in said if "dependency failure" in event), None)

    return api.wait_for("the alert of the dependency failure", look)


def wait_until_resumed(api: Api, task: Task, say: "Teller", login: Login | None) -> dict:
    """Wait for the producer's callback to satisfy the sensor, or else run the sweep, as a scheduled one would."""

    def satisfied() -> dict | None:
        found = _find(api, task)
        return found if found and found["state"] == "success" else None

    try:
        return api.wait_for(f"{task} to be satisfied", satisfied, _CALLBACK_SECONDS)
    except TooLateError:
        say("the callback did not finish in time; the sweep resumes the run instead")
        sweep(api.url, login)
        return api.wait_for(f"{task} to be satisfied", satisfied)


class Teller:
    """Prints events with the time of day."""

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
