"""Runs the example teams: dbt, the checks, the compiler, then a real Airflow that builds their tables.

``run`` runs one day and prints the results; ``distributed`` does the same with two Celery workers, and kills one of
them; ``serve`` keeps the Airflow UI open until Ctrl-C.
Everything is written to ``.demo`` at the root of the repository.
"""

import signal
import sys
import time
from datetime import UTC, date, datetime, timedelta

from demo_airflow import Airflow
from demo_api import Run
from demo_distributed import DistributedAirflow, lose_a_worker
from demo_story import tell
from demo_teams import DEMO, OUT, FailedError, compile_teams, copy_teams, leave_out_unrunnable, show_compiled
from demo_watch import show_results, show_tables, watch
from rich.console import Console
from rich.markup import escape

DAY = date(2025, 9, 9)
"""The day that the demo runs: the start date in platform.yaml of the example teams."""

_NEXT_HOUR = datetime(2025, 9, 10, 0, 5, tzinfo=UTC)

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 120)


def main() -> int:
    """Run a command; returns 0 if every task of the day succeeded."""
    # SIGTERM, and SIGINT in a background job, where shells ignore it, must stop Airflow's processes too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    command = sys.argv[1:]
    if command not in (["run"], ["distributed"], ["serve"]):
        console.print("usage: demo.py run | distributed | serve")
        return 2
    try:
        return _serve() if command == ["serve"] else _run(distributed=command == ["distributed"])
    except KeyboardInterrupt:
        console.print("stopped")
        return 130
    except FailedError as failed:
        console.print(f"[bold red]{escape(failed.args[0])}[/]")
        return 1


def _run(*, distributed: bool) -> int:
    began = time.monotonic()
    copy_teams()
    which = DistributedAirflow if distributed else Airflow
    with which(DEMO / "airflow", OUT / "dags", scheduling=False) as airflow:
        console.rule("three dbt projects", align="left")
        compile_teams(console)
        show_compiled(console)
        dag_ids = leave_out_unrunnable(console)
        console.rule(f"Airflow runs {DAY}", align="left")
        api = airflow.start()
        api.wait_for_dags(dag_ids)
        runs = [run for dag_id in dag_ids if (run := _run_of(dag_id))]
        api.create_runs(runs)
        failed = watch(airflow, api, runs, console)
        show_results(api, runs, console)
        if not failed:
            show_tables(console)
            console.rule("the next hour: a producer is late", align="left")
            tell(airflow, api, _NEXT_HOUR, console)
            if isinstance(airflow, DistributedAirflow):
                console.rule("the hour after: a worker is lost", align="left")
                lose_a_worker(airflow, api, _NEXT_HOUR, console)
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    console.print(f"\n{'[red]Failed' if failed else '[green]Done'}[/] in {minutes} min {seconds:02} s.")
    console.print(
        "Next: [bold].demo/out[/] contains the DAG specs and registry entries, [bold]integration_tests/teams[/] "
        "their sources, and [bold]make airflow[/] shows the DAGs in the Airflow UI."
    )
    return 1 if failed else 0


def _serve() -> int:
    copy_teams()
    with Airflow(DEMO / "airflow", OUT / "dags", scheduling=True) as airflow:
        compile_teams(console)
        dag_ids = leave_out_unrunnable(console)
        api = airflow.start()
        api.wait_for_dags(dag_ids)
        console.print(f"\nAirflow: [bold]{api.url}[/] (every user is admin; Ctrl-C stops it)")
        airflow.wait()
    return 0


def _run_of(dag_id: str) -> Run | None:
    """A DAG's run for the day: the daily one, or the last hourly one; None for weekly DAGs."""
    midnight = datetime.fromisoformat(f"{DAY}T00:00:00+00:00")
    if dag_id.endswith("_daily"):
        return Run(dag_id, midnight + timedelta(minutes=10))
    if dag_id.endswith("_hourly"):
        return Run(dag_id, midnight + timedelta(hours=23, minutes=5))
    return None


if __name__ == "__main__":
    sys.exit(main())
