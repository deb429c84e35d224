"""Tests sensors that fail at the moment when their data arrives: every run must succeed.

Twenty sensors of one run fail in one transaction, and are then satisfied, four at a time, like by producers' callbacks.
There are two ways: ``plain``, with one request per sensor, and ``ours``, after which sweeps repair the rest. Each round
is a new run of a real Airflow. Requires PostgreSQL (see ``live_airflow``): with SQLite, the API server hangs on
concurrent changes.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.registry.entry import Entry, Produced
from dbt_scheduler.resume.satisfy import satisfy
from dbt_scheduler.resume.sweep import sweep
from dbt_scheduler.resume.waiting_sensors import find_waiting_for
from dbt_scheduler.schedule import manual_interval
from dbt_scheduler.spec import DagSpec
from dbt_scheduler.waits.wait import waits_for
from live_airflow import Live, a_spec, a_task, a_wait, a_wait_entry, an_entry, date

FAN = 20
AT_A_TIME = 4
CALLBACK_SECONDS = 12
DAG = "playground_daily"
POOL = "models"


def asset_names(fan: int) -> list[str]:
    """The names of this number of assets."""
    return [f"dim_{number:02}" for number in range(fan)]


def sensor_names(fan: int) -> list[str]:
    """The task_ids of their sensors."""
    return [f"wait_for__hard_dependencies.{asset}" for asset in asset_names(fan)]


def consumer(fan: int, pool: str) -> DagSpec:
    """A DAG with sensors, a model downstream of each five, one downstream of all, and one downstream of that."""
    sensors = sensor_names(fan)
    fives = [sensors[at : at + 5] for at in range(0, fan, 5)]
    models = [a_task(f"marts.five_{at}", upstream=tuple(five), pool=pool) for at, five in enumerate(fives)]
    every = a_task("marts.every", upstream=tuple(sensors), pool=pool)
    last = a_task("marts.last", upstream=("marts.every",), pool=pool)
    waits = tuple(a_wait(asset) for asset in asset_names(fan))
    return a_spec(*models, every, last, sensors=waits, max_active_runs=16)


ASSETS, SENSORS = asset_names(FAN), sensor_names(FAN)


def main(rounds: int) -> None:
    """Print the results of the rounds."""
    spec = consumer(FAN, POOL)
    entries = [an_entry(asset, "daily") for asset in ASSETS]
    produced = {name: each for entry in entries for name, each in entry.produced.items()}
    shipping = a_spec(*(a_task(f"marts.{asset}") for asset in ASSETS), team="shipping")
    registry = {"shipping": replaced(entries[0], produced), "playground": a_wait_entry(spec)}
    with (
        tempfile.TemporaryDirectory() as folder,
        Live(Path(folder) / "live", [spec, shipping], registry) as airflow,
    ):
        airflow.start()
        # Sensors never get a slot: they do not need to run for this test.
        airflow.ask("POST", "/api/v2/pools", {"name": POOL, "slots": 8})
        slots = {"pool": "default_pool", "slots": 0}
        airflow.ask("PATCH", "/api/v2/pools/default_pool?update_mask=slots", slots)
        number = 0
        for way, times in (("plain", 3), ("ours", rounds)):
            results = []
            for _ in range(times):
                results.append(one_round(airflow, number, way))
                sys.stdout.write(f"{way} {results[-1]}\n")
                sys.stdout.flush()
                number += 1
            green = Counter(result[0] for result in results)
            sys.stdout.write(f"{way}: {green['success']} of {times} rounds succeeded without a sweep\n")


def replaced(entry: Entry, produced: dict[str, Produced]) -> Entry:
    """The entry, with other assets."""
    return type(entry)(
        dag_prefix=entry.dag_prefix,
        contact=entry.contact,
        pipelines=entry.pipelines,
        produced=produced,
        consumed={},
    )


def one_round(airflow: Live, number: int, way: str) -> tuple[str, str, float]:
    """The run's state without a sweep, its state after sweeps, and the seconds from the failure to the last state."""
    run_id = airflow.run(DAG, number)
    airflow.until("the sensors", lambda: states(airflow, run_id, SENSORS) <= {"scheduled"})
    fail(airflow, run_id)
    failed_at = time.monotonic()
    time.sleep(random.uniform(0, 2))  # noqa: S311 - noise
    with ThreadPoolExecutor(AT_A_TIME) as workers:
        for each in [
            workers.submit(plain if way == "plain" else ours, airflow, run_id, at) for at in range(FAN)
        ]:
            each.result()
    first = settle(airflow, run_id)
    seconds = time.monotonic() - failed_at
    last = first
    while last != "success" and time.monotonic() - failed_at < 120 and way == "ours":
        with airflow.api() as api:
            sweep(api, airflow.entries)
        last = settle(airflow, run_id)
        seconds = time.monotonic() - failed_at
    return first, last, round(seconds, 1)


def fail(airflow: Live, run_id: str) -> None:
    """Mark all sensors as failed, in one transaction."""
    entities = [
        {"dag_id": DAG, "dag_run_id": run_id, "task_id": each, "new_state": "failed"} for each in SENSORS
    ]
    body = {"actions": [{"action": "update", "entities": entities}]}
    answer = airflow.ask("PATCH", f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances", body)
    assert not answer["update"]["errors"], answer


def plain(airflow: Live, run_id: str, at: int) -> None:
    """Satisfy a sensor with a single request."""
    with airflow.api(30) as api:
        sensor = api.task_instance(DAG, run_id, SENSORS[at])
        try:
            api.mark_success(sensor, "")
        except AirflowApiError as error:
            sys.stdout.write(f"{error}\n")


def ours(airflow: Live, run_id: str, at: int) -> None:
    """Satisfy a sensor like a callback."""
    waits = waits_for(airflow.entries, "shipping", [ASSETS[at]], "daily")
    made = manual_interval(waits[0].producer.schedule, date(int(run_id.rpartition("_")[2])))
    with airflow.api(CALLBACK_SECONDS) as api:
        try:
            satisfy(api, dict.fromkeys(find_waiting_for(api, waits, made), "Satisfied"))
        except AirflowApiError as error:
            sys.stdout.write(f"{error}\n")


def states(airflow: Live, run_id: str, names: list[str]) -> set[str | None]:
    """The states of some tasks of the run."""
    found = airflow.tasks([DAG], [run_id])
    return {found[DAG, run_id, name].state for name in names} if found else {None}


def settle(airflow: Live, run_id: str) -> str:
    """Wait until the run succeeds, or stays failed for four seconds; returns its state, at the latest after a minute."""
    last, since, started = "", 0.0, time.monotonic()
    while time.monotonic() - started < 60:
        with airflow.api(30) as api:
            state = api.run(DAG, run_id).state
        if state != last:
            last, since = state, time.monotonic()
        if state == "success" or (state == "failed" and time.monotonic() - since > 4):
            return state
        time.sleep(0.5)
    return last


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
