"""The sweep's alerts about missed SLOs: one for each, however often Airflow runs the sweep."""

import pytest

from builders import a_spec, a_task, an_entry
from dbt_scheduler.airflow_api.answers import TaskInstance
from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.resume.satisfy import Outcome
from dbt_scheduler.resume.slo_misses import SloMiss
from dbt_scheduler.resume.sweep import SweepResult
from dbt_scheduler.schedule import Interval
from dbt_scheduler.spec import RESUME_DAG
from harness import Platform, moment

PROBLEM = "Airflow was too slow: the time limit was exceeded."


def miss(asset: str) -> SloMiss:
    due = moment("2025-03-02T00:11")
    task = TaskInstance(
        dag_id="shipping_daily", run_id="r", task_id=f"marts.{asset}", state=None, run_after=due
    )
    return SloMiss(AssetKey("shipping", asset), task, Interval(due, due), due)


@pytest.fixture
def sweeps(airflow: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> "Sweeps":
    spec = a_spec(a_task("marts.dim", assets=("shipping.dim",), signals=True), team="shipping")
    airflow.deploy_sweep(spec)
    airflow.deploy(spec)
    airflow.publish("shipping", an_entry("dim", "daily"))
    return Sweeps(airflow, monkeypatch, caplog)


class Sweeps:
    """Sweeps five minutes apart, each with what it finds in Airflow."""

    def __init__(
        self, airflow: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        self._airflow = airflow
        self._monkeypatch = monkeypatch
        self._caplog = caplog
        self._minute = 0

    def run(self, *assets: str, problem: str | None = None, by_callback: bool = False) -> list[str]:
        """The assets that one more sweep alerts about, by schedule or triggered without a logical date."""
        self._caplog.clear()
        result = SweepResult(Outcome(problem=problem), misses=tuple(map(miss, assets)))
        self._monkeypatch.setattr("dbt_scheduler.resume.sweep.sweep", lambda *_: result)
        at = f"2025-03-03T00:{self._minute:02}"
        self._minute += 5
        make = self._airflow.run_without_date if by_callback else self._airflow.run_by_hand
        run_id = make(RESUME_DAG, at)
        self._airflow.work()
        assert self._airflow.state(RESUME_DAG, run_id=run_id) == ("failed" if problem else "success")
        alerts = [each.getMessage() for each in self._caplog.records if "SLO miss" in each.getMessage()]
        return [asset for asset in ("dim", "fct") for alert in alerts if f"marts.{asset}" in alert]


def test_each_missed_slo_is_reported_once(sweeps: "Sweeps") -> None:
    assert sweeps.run("dim") == ["dim"]
    assert [sweeps.run("dim") for _ in range(3)] == [[], [], []]
    assert sweeps.run("dim", "fct") == ["fct"]
    assert sweeps.run("dim", "fct") == []


def test_a_sweep_that_a_callback_triggers_shares_the_memory(sweeps: "Sweeps") -> None:
    assert sweeps.run("dim") == ["dim"]
    assert sweeps.run("dim", "fct", by_callback=True) == ["fct"]
    assert sweeps.run("dim", "fct") == []
    assert sweeps.run("dim", "fct") == []
    assert sweeps.run("dim", "fct", by_callback=True) == []


def test_a_sweep_that_could_not_look_forgets_nothing(sweeps: "Sweeps") -> None:
    assert sweeps.run("dim") == ["dim"]
    assert sweeps.run(problem=PROBLEM) == []
    assert sweeps.run("dim") == []
