"""Measures a run of 60 models with 60 tests on PostgreSQL in a real Airflow: CPU seconds of all processes, wall time.

    DBT_SCHEDULER_BENCH_DATABASE=postgresql+psycopg2://user@host:port/bench python whole_run.py [--peers FOLDER]

Airflow has a LocalExecutor with four slots. Its database and the warehouse (``bench_warehouse``) are created for each
run, on a server on this machine; its CPU time is included. Requires dbt-postgres, psycopg2 and asyncpg.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg2
from sqlalchemy import URL, make_url

from live_airflow import DATABASE
from run_platform import MODELS, Way, write_dags, write_project
from timed_airflow import TimedAirflow, seconds, used

TOOLS = Path(sys.executable).parent
HELD_SECONDS = 1
_QUICK = {"AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1"}
WAYS = {
    "Airflow alone": Way(dbt=False),
    "ours, plain command": Way(),
    "ours, slices": Way(sliced=True),
    "ours, preloaded": Way(sliced=True, preload=True),
    "cosmos WATCHER": Way("cosmos", ("WATCHER", "AFTER_EACH")),
    "cosmos LOCAL": Way("cosmos", ("LOCAL", "BUILD")),
    "Airflow alone, 1 s": Way(dbt=False, settings=_QUICK),
    "ours, preloaded, 1 s": Way(sliced=True, preload=True, settings=_QUICK),
    "cosmos WATCHER, 1 s": Way("cosmos", ("WATCHER", "AFTER_EACH"), settings=_QUICK),
}
BUILD = "one dbt build"


class Figures(NamedTuple):
    """The CPU and wall time of a run in seconds, and how long slots were held after the end of their tasks."""

    cpu: float
    wall: float
    held: Sequence[float] = ()

    def line(self) -> tuple[float, ...]:
        """The figures in the table."""
        long = sum(each > HELD_SECONDS for each in self.held)
        return self.cpu, self.wall, len(self.held), long, sum(self.held)


class FailedRunError(Exception):
    """A task failed, or did not run as intended; the message has lines of its log."""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", type=Path, help="the folder of the peers' environments")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), metavar="WAY", help=", ".join(WAYS))
    options = parser.parse_args()
    ways = {name: WAYS[name] for name in options.ways if options.peers or not WAYS[name].peer}
    results: dict[str, list[Figures]] = {name: [] for name in (BUILD, *ways)}
    for number in range(options.rounds):
        for name, runs in results.items():
            with tempfile.TemporaryDirectory() as folder:
                try:
                    runs.append(figures := _measure(Path(folder), ways.get(name), options.peers))
                except FailedRunError as failed:
                    print(f"round {number}: {name}: {failed}", file=sys.stderr)
                    continue
            print(f"round {number}: {name}: {figures.cpu:.1f} CPU s, {figures.wall:.1f} s", file=sys.stderr)
    _print(results, options.rounds)


def _measure(folder: Path, way: Way | None, peers: Path | None) -> Figures:
    airflow = make_url(os.environ[DATABASE])
    warehouse = airflow.set(database=f"{airflow.database}_warehouse")
    for each in (airflow, warehouse):
        _ask(airflow, f'drop database if exists "{each.database}" with (force)')
        _ask(airflow, f'create database "{each.database}"')
    project = write_project(folder, warehouse, TOOLS)
    server = int(_ask(airflow, r"select split_part(pg_read_file('postmaster.pid'), E'\n', 1)"))
    figures = _build(project, server) if way is None else _run(folder, project, way, peers, server)
    built = _ask(warehouse, "select count(*) from pg_tables where schemaname = 'marts'")
    assert built == (MODELS if way is None or way.dbt else 0), f"{built} tables were built"
    return figures


def _build(project: Path, server: int) -> Figures:
    before, started = used([server]) + _of_children(), time.monotonic()
    subprocess.run([TOOLS / "dbt", "build"], cwd=project, check=True, stdout=subprocess.DEVNULL)
    wall = time.monotonic() - started
    return Figures(used([server]) + _of_children() - before, wall)


def _run(folder: Path, project: Path, way: Way, peers: Path | None, server: int) -> Figures:
    write_dags(way, project, folder / "dags", TOOLS)
    with TimedAirflow(folder, way, peers / way.peer / "bin" if peers and way.peer else TOOLS) as airflow:
        airflow.start()
        pids = [server, *airflow.pids]
        before = used(pids)
        run = airflow.finished_run()
        cpu = used(pids) - before
        if run["state"] != "success":
            raise FailedRunError(airflow.failure())
        if trouble := airflow.trouble():
            raise FailedRunError(trouble)
        wall = seconds(run["end_date"]) - seconds(run["start_date"])
        return Figures(cpu, wall, airflow.held())


def _of_children() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _ask(database: URL, sql: str) -> object:
    names = {"host": database.host, "port": database.port, "user": database.username}
    own = database.database if sql.startswith("select") else "postgres"
    connection = psycopg2.connect(**names, password=database.password, dbname=own)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def _print(results: dict[str, list[Figures]], rounds: int) -> None:
    print(f"{MODELS} models, {MODELS} tests; medians of {rounds} rounds\n")
    print(f"| | succeeded | CPU s | wall s | tasks | slots held > {HELD_SECONDS} s | held, sum of s |")
    print("|---|---|---|---|---|---|---|")
    for name, runs in results.items():
        if runs:
            cpu, wall, *counts = map(median, zip(*(run.line() for run in runs), strict=True))
            tasks, long, total = (f"{each:.0f}" for each in counts)
            print(f"| {name} | {len(runs)} | {cpu:.1f} | {wall:.1f} | {tasks} | {long} | {total} |")


if __name__ == "__main__":
    main()
