"""Tests that callbacks alone resume a run whose twenty-two sensors time out at once while their producers finish.

Uses a real Airflow with triggerer and executor. Nothing is scheduled, so a sweep runs only if a callback triggers it.
Requires PostgreSQL (see ``live_airflow``), in which all of the sensors' timeouts are set to the same time.
"""

import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg2

from dbt_scheduler.compiler.writing import resume_stub
from dbt_scheduler.spec import RESUME_DAG
from live_airflow import DATABASE, Live, a_spec, a_task, a_wait_entry, an_entry
from stress_resume import DAG, asset_names, consumer, replaced, sensor_names, states

FAN = 22
PRODUCER = "shipping_daily"
SETTLED_SECONDS = 20
"""How long a failed run is watched after the last producer: a callback that runs out of time triggers a sweep up to
twelve seconds later."""


def main(rounds: int) -> None:
    """Print the results of the rounds."""
    assets = asset_names(FAN)
    spec = consumer(FAN, "default_pool")
    entries = [an_entry(asset, "daily") for asset in assets]
    produced = {name: each for entry in entries for name, each in entry.produced.items()}
    makers = [a_task(f"marts.{asset}", assets=(f"shipping.{asset}",), signals=True) for asset in assets]
    shipping = a_spec(*makers, team="shipping", max_active_runs=16)
    registry = {"shipping": replaced(entries[0], produced), "playground": a_wait_entry(spec)}
    with (
        tempfile.TemporaryDirectory() as folder,
        Live(Path(folder) / "live", [spec, shipping], registry) as airflow,
    ):
        (Path(folder) / "live" / "dags" / f"{RESUME_DAG}.py").write_text(resume_stub(spec))
        airflow._environment |= {
            "AIRFLOW__CORE__PARALLELISM": "16",
            "AIRFLOW__CORE__TASK_SUCCESS_OVERTIME": "20",
        }
        airflow.start()
        airflow._demo_api.wait_for_dags([RESUME_DAG])
        ends: Counter[str] = Counter()
        for number in range(rounds):
            state = one_round(airflow, number)
            ends[state] += 1
            sys.stdout.write(f"round {number}: {state}; {sweeps(airflow)} sweeps triggered so far\n")
            sys.stdout.flush()
    sys.stdout.write(f"{ends['success']} of {rounds} rounds succeeded with callbacks only\n")


def one_round(airflow: Live, number: int) -> str:
    """The final state of the consumer's run."""
    run_id = airflow.run(DAG, number)
    sensors = sensor_names(FAN)
    airflow.until("the sensors", lambda: states(airflow, run_id, sensors) == {"deferred"}, 600)
    lead = random.uniform(-2, 8)  # noqa: S311 - noise
    if lead < 0:
        airflow.run(PRODUCER, number)
        time.sleep(-lead)
    time_out(run_id)
    if lead >= 0:
        time.sleep(lead)
        airflow.run(PRODUCER, number)
    airflow.until("the producers", lambda: state_of(airflow, PRODUCER, run_id) in ("success", "failed"), 600)
    since = time.monotonic()
    while (state := state_of(airflow, DAG, run_id)) != "success":
        if state != "failed":
            since = time.monotonic()
        if time.monotonic() - since > SETTLED_SECONDS:
            break
        time.sleep(0.5)
    return state


def time_out(run_id: str) -> None:
    """Let all deferred sensors of the run time out now."""
    url = os.environ[DATABASE].replace("+psycopg2", "")
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update task_instance set trigger_timeout = now() "
            "where dag_id = %s and run_id = %s and state = 'deferred'",
            (DAG, run_id),
        )


def state_of(airflow: Live, dag_id: str, run_id: str) -> str:
    """The state of a run."""
    with airflow.api(30) as api:
        return api.run(dag_id, run_id).state


def sweeps(airflow: Live) -> int:
    """The number of sweeps that callbacks triggered."""
    with airflow.api(30) as api:
        return len(api.newest_runs(RESUME_DAG, 100))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
