"""`dbt-scheduler doctor`, with a fake Airflow at the HTTP border."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.cli import doctor, main
from fake_airflow import FakeAirflow

SWEEP = "/api/v2/dags/dbt_scheduler_resume"
POOL = "one_writer.shop.dim"
PARTS = [
    "airflow",
    "scheduler",
    "triggerer",
    "dag processor",
    "rights",
    "sweep",
    "registry",
    "specs",
    "pools",
]


def a_run(state: str = "success", minutes: int = 3) -> dict[str, str]:
    due = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    return {
        "dag_id": "s",
        "dag_run_id": f"r{minutes}",
        "state": state,
        "run_type": "scheduled",
        "run_after": due,
    }


class Answers:
    """A healthy platform: Airflow's responses by path, denied permissions, and paths that are not requested."""

    def __init__(self) -> None:
        self.by_path: dict[str, object] = {
            "/api/v2/version": {"version": "3.3.2"},
            "/api/v2/monitor/health": {
                each: {"status": "healthy"} for each in ("scheduler", "triggerer", "dag_processor")
            },
            f"/api/v2/pools/{POOL}": {"slots": 1, "open_slots": 1},
            SWEEP: {"is_paused": False},
            f"{SWEEP}/dagRuns": {"dag_runs": [a_run("running", 0), a_run()]},
        }
        self.forbidden: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response | None:
        if any(
            request.method == method and re.search(path, request.url.path) for method, path in self.forbidden
        ):
            return httpx.Response(403, json={})
        if request.url.path == "/auth/token":
            return None
        answer = self.by_path.get(request.url.path) if request.method == "GET" else None
        return httpx.Response(404 if answer is None else 200, json=answer or {})


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", "http://airflow.example")
    answers = Answers()

    @contextmanager
    def open_api(*_: object) -> Iterator[AirflowApi]:
        with FakeAirflow({}, before=answers).api() as api:
            yield api

    monkeypatch.setattr(doctor, "open_api", open_api)
    wait = a_wait("dim")
    specs = [
        a_spec(a_task("marts.dim", pool=POOL), team="shop"),
        a_spec(a_task("marts.mine", upstream=(wait.task_id,)), sensors=(wait,)),
    ]
    for folder in ("dags", "registry"):
        (tmp_path / folder).mkdir()
    for spec in specs:
        (tmp_path / "dags" / f"{spec.dag_id}.json").write_bytes(msgspec.json.encode(spec))
    for team, entry in (("shipping", an_entry("dim", "daily")), ("playground", a_wait_entry(specs[1]))):
        (tmp_path / "registry" / f"{team}.json").write_bytes(msgspec.json.encode({team: entry}))
    return answers


def lines(code: int = 1, *options: str) -> list[str]:
    result = CliRunner().invoke(main, ["doctor", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout.splitlines()


def wrong(code: int = 1, *options: str) -> list[str]:
    """The checks that are not ok, or unknown."""
    return [line for line in lines(code, *options) if not line.startswith("ok ")]


def test_a_platform_that_is_well_has_a_line_for_each_part(answers):
    found = lines(0)
    assert [line[8:].partition(":")[0] for line in found] == PARTS
    assert found[0] == "ok      airflow: version 3.3.2 at http://airflow.example"


def test_as_json(answers):
    answers.by_path[SWEEP] = {"is_paused": True}
    found = json.loads("\n".join(lines(1, "--format", "json")))
    assert [each["part"] for each in found] == PARTS
    assert [each for each in found if not each["ok"]] == [
        {
            "part": "sweep",
            "ok": False,
            "found": "dbt_scheduler_resume is paused",
            "fix": "run `airflow dags unpause dbt_scheduler_resume`",
        }
    ]


@pytest.mark.parametrize("component", ["scheduler", "triggerer", "dag_processor"])
@pytest.mark.parametrize("status", ["unhealthy", None])
def test_a_component_that_is_not_alive(answers, component, status):
    answers.by_path["/api/v2/monitor/health"][component]["status"] = status
    (line,) = wrong()
    assert line.startswith(f"not ok  {component.replace('_', ' ')}: none is running")
    assert line.endswith(f"To fix: start `airflow {component.replace('_', '-')}`")


@pytest.mark.parametrize("version", ["2.11.0", "3.0.6", "?"])
def test_an_airflow_that_is_too_old(answers, version):
    answers.by_path["/api/v2/version"] = {"version": version}
    (line,) = wrong()
    assert line.startswith(f"not ok  airflow: version {version} ")


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "(~|playground_daily)/dagRuns$", "can_read on DAG Runs"),
        ("GET", "/dags/playground_daily/dagRuns/~/taskInstances", ""),  # permission to read every DAG
        ("POST", "dagRuns/dbt_scheduler_doctor/clear", "can_edit on DAG Runs"),
        ("PATCH", "/taskInstances/", "can_edit on Task Instances"),
        ("PATCH", "/dags/~/", ""),  # permission to edit the DAGs with sensors
        ("POST", "dags/~/dagRuns$", ""),
    ],
)
def test_a_right_that_is_missing_is_named_and_nothing_is_changed(answers, method, path, permission):
    answers.forbidden = [(method, path)]
    found = [line for line in wrong(1 if permission else 0) if "can_" in line]
    assert len(found) == bool(permission)
    assert not permission or f"the login does not have {permission}" in found[0]


def test_a_right_for_some_dags_only(answers):
    answers.forbidden = [("PATCH", "/dags/~/"), ("PATCH", "/dags/playground_daily/")]
    assert "the login does not have can_edit on Task Instances" in wrong()[0]


def test_a_login_that_may_not_start_the_sweep(answers):
    answers.forbidden = [("POST", "/dagRuns$")]
    assert any("the login does not have can_create on DAG Runs" in line for line in wrong())


def test_a_pool_that_is_missing_or_has_other_slots(answers):
    answers.by_path[f"/api/v2/pools/{POOL}"] = {"slots": 4, "open_slots": 4}
    assert f"not ok  pools: {POOL} has 4 slots instead of 1. To fix: run `dbt-scheduler pools" in wrong()[0]
    del answers.by_path[f"/api/v2/pools/{POOL}"]
    assert f"not ok  pools: {POOL} does not exist, so its tasks never start" in wrong()[0]


def test_pools_that_the_least_role_may_not_read_are_unknown_and_no_failure(answers):
    answers.forbidden = [("GET", "/pools/")]
    (line,) = wrong(0)
    assert line.startswith("unknown pools: the login is not allowed to read pools")


@pytest.mark.parametrize(
    ("dag", "runs", "said"),
    [
        (None, [], "is not deployed"),
        ({"is_paused": False, "is_stale": True}, [a_run()], "is not deployed"),
        ({"is_paused": False, "has_import_errors": True}, [a_run()], "has an import error"),
        ({"is_paused": True}, [a_run()], "is paused"),
        ({"is_paused": False}, [], "has not run yet"),
        ({"is_paused": False}, [a_run("running")], "has not run yet"),
        ({"is_paused": False}, [a_run("queued", 1), a_run("failed", 6)], "failed"),
        ({"is_paused": False}, [a_run(minutes=60)], "its last run was at"),
    ],
)
def test_a_sweep_that_does_not_work(answers, dag, runs, said):
    answers.by_path |= {SWEEP: dag, f"{SWEEP}/dagRuns": {"dag_runs": runs}}
    (line,) = wrong()
    assert line.startswith("not ok  sweep: ")
    assert f"{said}" in line
    assert ". To fix: " in line


def test_a_damaged_registry_entry_and_a_damaged_spec(answers, tmp_path):
    (tmp_path / "registry" / "shipping.json").write_text("{")
    (tmp_path / "dags" / "shop_daily.json").write_text('{"format_version": 99}')
    registry, specs = wrong()
    assert registry.startswith("not ok  registry: ")
    assert specs.startswith("not ok  specs: ")
    assert "has format_version 99" in specs


def test_a_registry_with_no_team_or_that_cannot_be_read(answers, tmp_path):
    for file in (tmp_path / "registry").iterdir():
        file.unlink()
    assert wrong()[0].startswith("not ok  registry: it contains no teams")
    assert wrong(1, "--registry", "gs://")[0].startswith("not ok  registry: ")


def test_where_nothing_is_compiled_that_is_unknown(answers, tmp_path):
    for file in (tmp_path / "dags").iterdir():
        file.unlink()
    found = wrong(0, "--registry", "registry")
    assert [line.partition(":")[0] for line in found] == ["unknown specs", "unknown pools"]
    assert "--out" in found[0]


def test_an_unreachable_airflow_ends_with_2(answers, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", "http://127.0.0.1:9")
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 2, result.output
    assert "cannot be reached" in result.stderr
    assert not result.stdout
