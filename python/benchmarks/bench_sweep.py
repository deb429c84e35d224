"""Measures satisfying 2,000 sensors whose data has arrived, like a sweep after an outage.

Each of twenty DAGs has five sensors, each with a downstream model. ``scheduled`` sensors still wait; ``failed`` ones
timed out, and so their runs failed. Uses a real Airflow, whose scheduler processes the same runs.
"""

import sys
import tempfile
import time
from pathlib import Path

import psutil

from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.resume.satisfy import satisfied_note, satisfy
from dbt_scheduler.spec import SENSOR_OPERATOR, DagSpec
from live_airflow import Live, a_spec, a_task, a_wait, date

DAGS = 20
BATCH = 100
"""The number of sensors that one request marks as failed."""


def consumer(team: str, sensors: int) -> DagSpec:
    """A DAG with some sensors, each with a downstream model."""
    waits = [a_wait(f"dim_{number}") for number in range(sensors)]
    models = [a_task(f"marts.m_{at}", upstream=(wait.task_id,)) for at, wait in enumerate(waits)]
    return a_spec(*models, team=team, sensors=tuple(waits), max_active_runs=1000)


def main(runs: int = 20, sensors: int = 5, state: str = "scheduled") -> None:
    """Print the figures of one round."""
    specs = [consumer(f"team_{number:02}", sensors) for number in range(DAGS)]
    with (
        tempfile.TemporaryDirectory() as folder,
        Live(Path(folder) / "live", specs, {}) as airflow,
    ):
        airflow._environment["AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG"] = "1000"
        airflow.start()
        slots = {"pool": "default_pool", "slots": 0}
        airflow.ask("PATCH", "/api/v2/pools/default_pool?update_mask=slots", slots)
        for number in range(runs):  # one at a time: SQLite has one writer
            for spec in specs:
                make(airflow, spec, number)
        found = until_all_are(airflow, specs, ["scheduled"], runs * sensors * DAGS)
        if state == "failed":
            fail(airflow, found)
            found = until_all_are(airflow, specs, ["failed"], runs * sensors * DAGS)
            airflow.until("the runs", lambda: not running(airflow, specs), 600)
        server = psutil.Process(airflow._processes["api-server"].pid)
        before, started = cpu(server), time.monotonic()
        with airflow.api(600) as api:
            outcome = satisfy(api, dict.fromkeys(found, satisfied_note("p", "r")), patience_seconds=600)
        seconds, used = time.monotonic() - started, cpu(server) - before
    sys.stdout.write(
        f"{len(found)} {state} sensors in {runs * DAGS} runs: {len(outcome.satisfied)} satisfied in {seconds:.1f} s, "
        f"API {used:.1f} CPU s, {len(outcome.resumed)} runs resumed, {len(outcome.left)} left {outcome.problem}\n"
    )


def make(airflow: Live, spec: DagSpec, number: int) -> None:
    """Create a run."""
    with airflow.api(60) as api:
        body = {"dag_run_id": f"manual__{number}", "logical_date": date(number).isoformat()}
        api.make_run(spec.dag_id, body)


def until_all_are(airflow: Live, specs: list[DagSpec], states: list[str], count: int) -> list:
    """Wait until this number of sensors has one of these states; returns them."""
    found: list = []

    def there() -> bool:
        with airflow.api(60) as api:
            where = RunFilter(dag_ids=[each.dag_id for each in specs], states=states)
            found[:] = [each for each in api.task_instances(where) if each.operator == SENSOR_OPERATOR]
        return len(found) == count

    airflow.until(f"{count} sensors that are {states}", there, 900)
    return found


def running(airflow: Live, specs: list[DagSpec]) -> list:
    """The running and queued runs."""
    with airflow.api(60) as api:
        where = RunFilter(dag_ids=[each.dag_id for each in specs], states=["running", "queued"])
        return api.runs(where)


def fail(airflow: Live, sensors: list) -> None:
    """Mark these sensors as failed."""
    for at in range(0, len(sensors), BATCH):
        entities = [
            {"dag_id": each.dag_id, "dag_run_id": each.run_id, "task_id": each.task_id, "new_state": "failed"}
            for each in sensors[at : at + BATCH]
        ]
        body = {"actions": [{"action": "update", "entities": entities}]}
        airflow.ask("PATCH", "/api/v2/dags/~/dagRuns/~/taskInstances", body)


def cpu(process: psutil.Process) -> float:
    """CPU seconds of a process and its descendants."""
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:3]), *sys.argv[3:])
