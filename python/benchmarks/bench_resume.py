"""Measures how soon a consumer resumes after its producer succeeds: with the callback, and with polling each minute.

Uses a real Airflow. Three consumers wait for each producer run: one with a waiting sensor, one whose sensor timed out
and whose run failed, and one that is not in the registry, so that it can only poll.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from dbt_scheduler.spec import DagSpec
from live_airflow import Live, a_spec, a_task, a_wait, a_wait_entry, an_entry

SENSOR = "wait_for__hard_dependencies.dim"
RUNS = 6
WAYS = {
    "waiting": "callback, sensor waits",
    "late": "callback, run had failed",
    "polling": "60 s polling only",
}


def consumer(team: str, wait_timeout_seconds: int) -> DagSpec:
    """A team with one model, which reads ``dim``."""
    sensor = a_wait("dim", wait_timeout_seconds=wait_timeout_seconds, poll_seconds=60)
    return a_spec(
        a_task("marts.mine", upstream=(sensor.task_id,)), team=team, sensors=(sensor,), max_active_runs=16
    )


def main() -> None:
    """Print the table."""
    make = a_task("marts.dim", assets=("shipping.dim",), signals=True)
    producer = a_spec(make, team="shipping", max_active_runs=16)
    consumers = [consumer("waiting", 3600), consumer("late", 5), consumer("polling", 3600)]
    registry = {
        "shipping": an_entry("dim", "daily"),
        **{each.team: a_wait_entry(each) for each in consumers[:2]},
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        Live(Path(folder) / "live", [producer, *consumers], registry) as airflow,
    ):
        airflow.start()
        measured = measure(airflow)
    sys.stdout.write(
        f"{'producer done -> consumer starts':36}{'median':>8}{'best':>8}{'worst':>8}  seconds, {RUNS} runs\n"
    )
    for team, seconds in measured.items():
        figures = (statistics.median(seconds), min(seconds), max(seconds))
        sys.stdout.write(f"{WAYS[team]:36}" + "".join(f"{each:8.1f}" for each in figures) + "\n")


def measure(airflow: Live) -> dict[str, list[float]]:
    """Seconds for each way and run."""
    dags = [f"{team}_daily" for team in WAYS]
    for number in range(RUNS):
        for dag_id in dags:
            airflow.run(dag_id, number)

    def settled() -> bool:
        states = airflow.tasks(dags)
        wanted = {"waiting_daily": "deferred", "polling_daily": "deferred", "late_daily": "failed"}
        seen = [each.state == wanted[dag_id] for (dag_id, _, task), each in states.items() if task == SENSOR]
        return len(seen) == len(dags) * RUNS and all(seen)

    airflow.until("the sensors to wait", settled)
    for number in range(RUNS):
        time.sleep(7.3)  # spread over the minute between polls
        airflow.run("shipping_daily", number)

    def done() -> bool:
        states = airflow.tasks(dags)
        return all(each.state == "success" for each in states.values())

    airflow.until("the consumers", done)
    states = airflow.tasks([*dags, "shipping_daily"])
    seconds: dict[str, list[float]] = {team: [] for team in WAYS}
    for number in range(RUNS):
        end = states["shipping_daily", f"manual__{number}", "marts.dim"].end_date
        for team in WAYS:
            start = states[f"{team}_daily", f"manual__{number}", "marts.mine"].start_date
            seconds[team].append((start - end).total_seconds())
    return seconds


if __name__ == "__main__":
    main()
