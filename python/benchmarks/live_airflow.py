"""A real Airflow, with all of its processes, for the generated teams of a benchmark."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

_PYTHON = Path(__file__).resolve().parents[1]
sys.path += [str(_PYTHON / "tools"), str(_PYTHON / "tests" / "support")]

import demo_airflow  # noqa: E402 - from the folder python/tools

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry  # noqa: E402
from dbt_scheduler.airflow_api.answers import TaskInstance  # noqa: E402
from dbt_scheduler.airflow_api.client import AirflowApi  # noqa: E402
from dbt_scheduler.airflow_api.run_filter import RunFilter  # noqa: E402
from dbt_scheduler.registry.entry import Entry  # noqa: E402
from dbt_scheduler.spec import STUB, DagSpec  # noqa: E402

__all__ = ["Live", "a_spec", "a_task", "a_wait", "a_wait_entry", "an_entry", "date"]

DATABASE = "DBT_SCHEDULER_BENCH_DATABASE"
"""The variable with the SQLAlchemy URL of an empty database, to use instead of SQLite."""

_FIRST = datetime(2025, 3, 1, 0, 10, tzinfo=UTC)


def date(number: int) -> datetime:
    """The logical date of the n-th run of a daily DAG."""
    return _FIRST + timedelta(days=number)


class Live(demo_airflow.Airflow):
    """Airflow with these DAGs and this registry."""

    def __init__(self, folder: Path, specs: Iterable[DagSpec], registry: dict[str, Entry]) -> None:
        self.entries = registry
        specs = list(specs)
        self._dag_ids = [spec.dag_id for spec in specs]
        (folder / "dags").mkdir(parents=True)
        (folder / "registry").mkdir()
        for spec in specs:
            (folder / "dags" / f"{spec.dag_id}.json").write_bytes(msgspec.json.encode(spec))
            (folder / "dags" / f"{spec.dag_id}.py").write_text(STUB)
        for team, entry in registry.items():
            (folder / "registry" / f"{team}.json").write_bytes(msgspec.json.encode({team: entry}))
        demo_airflow.specs = list  # no pools are needed
        super().__init__(folder / "home", folder / "dags", scheduling=False)
        self._environment["PYTHONPATH"] = os.pathsep.join(
            [str(_PYTHON / "src"), os.environ.get("PYTHONPATH", "")]
        )
        if DATABASE in os.environ:
            self._environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = os.environ[DATABASE]

    def start(self) -> None:
        """Start all processes, and wait until they are healthy and all DAGs are parsed."""
        self._demo_api = super().start()
        self._demo_api.wait_for_dags(self._dag_ids)

    def api(self, seconds: float = 3600) -> AirflowApi:
        """A session with the API; ``seconds`` is its time limit."""
        return AirflowApi(self._demo_api.url, budget_seconds=seconds)

    def ask(self, method: str, path: str, body: dict) -> dict:
        """The response to a request, which is repeated while Airflow is busy."""
        return self._demo_api.wait_for(
            f"a response from {path}", lambda: self._demo_api._ask(method, path, json=body)
        )

    def run(self, dag_id: str, number: int) -> str:
        """Create the n-th run; returns its run_id."""
        run_id = f"manual__{number}"
        body = {"dag_run_id": run_id, "logical_date": date(number).isoformat()}
        self.ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)
        return run_id

    def tasks(
        self, dag_ids: Iterable[str], run_ids: Iterable[str] | None = None
    ) -> dict[tuple, TaskInstance]:
        """All task instances of these DAGs, by dag_id, run_id and task_id."""
        with self.api(60) as api:
            which = RunFilter(dag_ids=list(dag_ids), run_ids=None if run_ids is None else list(run_ids))
            return {each.id_: each for each in api.task_instances(which)}

    def until(self, what: str, ready: Callable[[], object], timeout_seconds: float = 180) -> float:
        """Wait until ``ready`` returns something true; returns the seconds that it took."""
        started = time.monotonic()
        self._demo_api.wait_for(what, lambda: ready() or None, timeout_seconds)
        return time.monotonic() - started
