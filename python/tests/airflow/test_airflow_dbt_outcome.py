"""The results of a dbt task in its XCom and at the end of its log, the same for each way to run dbt."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from dbt.adapters.bigquery.connections import BigQueryAdapterResponse
from dbt.artifacts.schemas.results import RunStatus
from dbt.artifacts.schemas.run import RunResult

from builders import a_spec, a_task, python
from dbt_scheduler.airflow.dbt_tasks.outcome import Outcome, Result, outcome
from dbt_scheduler.airflow.dbt_tasks.outcome_lines import lines
from dbt_scheduler.dbt.plugin import dbt_scheduler_outcome as plugin
from dbt_scheduler.spec import DagSpec
from dbt_team import DBT, DbtTeam
from harness import Platform
from test_airflow_dbt import days_ago, events_team, load
from test_airflow_dbt_slices import SCHEDULED, WARM, preloaded, sliced

OPERATOR = "dbt_scheduler.airflow.dbt_operator.DbtOperator"
DAILY = ("shop_daily", "2025-03-01T00:10")
URL = "http://airflow.example/dags/shop_daily/runs/scheduled__2025-03-02T00%3A10%3A00%2B00%3A00/tasks/people?try_number=1"
NO_TESTS = {"pass": 0, "warn": 0, "fail": 0, "error": 0, "skipped": 0}
KNOWN = {"name": "known", "arguments": {"values": ["1"]}, "config": {"store_failures": True}}
FILES = {
    "models/people.sql": "select * from {{ ref('names') }}",
    "models/people.yml": {
        "models": [
            {
                "name": "people",
                "config": SCHEDULED,
                "columns": [
                    {
                        "name": "id",
                        "data_tests": [
                            "not_null",
                            {"unique": {"config": {"severity": "warn"}}},
                            {"accepted_values": KNOWN},
                        ],
                    }
                ],
            }
        ]
    },
    "seeds/names.csv": "id,name\n1,a\n1,b\n2,c\n",
    "seeds/names.yml": {"seeds": [{"name": "names", "config": SCHEDULED}]},
}


def made_by(root: Path, way: str) -> DagSpec:
    team = DbtTeam(root, FILES) if way == "plain" else sliced(root, FILES)
    spec = team.compile()
    return preloaded(spec) if way == "fork" else spec


def run(platform: Platform, spec: DagSpec) -> None:
    platform.deploy(spec)
    platform.run(spec.dag_id, DAILY[1])
    platform.work()


def seen(platform: Platform, task_id: str, dag_id: str = "shop_daily") -> Any:
    """The XCom; durations are only checked for presence."""
    found = platform.xcom(dag_id, task_id, "dbt_outcome")
    if found and found["node"]:
        for name in ("compile_seconds", "execute_seconds"):
            assert found["node"][name] >= 0
            del found["node"][name]
    return found


def logged(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The messages of the log without times and durations."""
    lines = re.sub(r"(?m)^\S+Z \[(\w+) *\] (.*?)( +\[\S+\])?( loc=\S+)?$", r"\1: \2", capsys.readouterr().out)
    return re.sub(r"\d+\.\d\d s\b", "N s", lines).splitlines()


@pytest.mark.parametrize("way", ["plain", "program", "fork"])
def test_what_dbt_did_is_seen_of_a_task_that_succeeds_and_of_one_that_fails(
    platform: Platform,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    monkeypatch.delitem(sys.modules, WARM, raising=False)
    run(platform, made_by(tmp_path, way))
    assert platform.states("shop_daily") == {"names": "success", "people": "failed"}
    assert seen(platform, "names") == {
        "node": {
            "unique_id": "seed.shop.names",
            "status": "success",
            "message": None,
            "relation": '"shop"."main"."names"',
            "rows_affected": 3,
            "bytes_processed": None,
            "slot_ms": None,
            "batches_succeeded": None,
            "batches_failed": None,
        },
        "tests": NO_TESTS,
        "failed_tests": [],
        "failed_tests_left_out": 0,
    }
    of_people = seen(platform, "people")
    assert of_people["node"]["relation"] == '"shop"."main"."people"'
    assert of_people["tests"] == {"pass": 1, "warn": 1, "fail": 1, "error": 0, "skipped": 0}
    duplicates = (
        'select\n    id as unique_field,\n    count(*) as n_records\n\nfrom "shop"."main"."people"\n'
        "where id is not null\ngroup by id\nhaving count(*) > 1"
    )
    assert of_people["failed_tests"] == [
        {
            "name": "known",
            "status": "fail",
            "failures": 1,
            "message": "Got 1 result, configured to fail if != 0",
            "query": 'select * from "shop"."main_dbt_test__audit"."known"',
        },
        {
            "name": "unique_people_id",
            "status": "warn",
            "failures": 1,
            "message": "Got 1 result, configured to warn if != 0",
            "query": duplicates,
        },
    ]
    log = logged(capsys)
    assert ("did not preload dbt" in "".join(log)) == (way == "fork")
    assert [line for line in log if ": dbt: " in line] == [
        'info: dbt: seed.shop.names: success, "shop"."main"."names", 3 rows affected, compiled in N s, executed in N s',
        'info: dbt: model.shop.people: success, "shop"."main"."people", compiled in N s, executed in N s',
        "info: dbt: tests: 1 passed, 1 warned, 1 failed",
        'error: dbt: known: fail, 1 row: select * from "shop"."main_dbt_test__audit"."known"',
        "warning: dbt: unique_people_id: warn, 1 row",
    ]
    groups = log[log.index("info: ::group::Compiled code for model.shop.people") :]
    assert groups[1:3] == ['info: select * from "shop"."main"."names"', "info: ::endgroup::"]
    assert "info: ::group::Query for the failing rows of unique_people_id" in groups
    assert groups.index("info: dbt: tests: 1 passed, 1 warned, 1 failed") < groups.index(
        "error: Task failed with exception"
    )


@pytest.mark.parametrize("on", [True, False])
def test_a_task_that_succeeds_with_warnings_of_tests_can_alert(
    platform: Platform, tmp_path: Path, caplog: pytest.LogCaptureFixture, on: bool
) -> None:
    files = {**FILES, "seeds/names.csv": "id,name\n1,a\n1,b\n"}
    team = DbtTeam(tmp_path, files)
    with (tmp_path / "platform.yaml").open("a") as file:
        file.write("alerting: {warnings: true}\n" if on else "")
    run(platform, team.compile())
    assert platform.states("shop_daily") == {"names": "success", "people": "success"}
    alerts = [each.getMessage() for each in caplog.records if each.name.endswith("transports.log")]
    assert [text.splitlines() for text in alerts] == on * [
        [
            "Alert for no channel:",
            "shop_daily test warnings ⚠️",
            "Date interval start: 2025-03-01 00:10:00+00:00",
            f"people - view logs ({URL})",
            "unique_people_id: 1 row",
        ]
    ]


def test_of_a_microbatch_model_the_batches_are_counted_and_added_up(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    team = events_team(tmp_path, lookback=0)
    load(team, first=days_ago(5))
    platform.deploy(team.compile())
    # The first run builds all days since the model's begin.
    platform.run("shop_daily", f"{days_ago(1)[:10]}T00:10")
    platform.work()
    found = seen(platform, "events")["node"]
    assert (found["status"], found["batches_succeeded"], found["batches_failed"]) == ("success", 6, 0)
    log = logged(capsys)
    assert "6 of 6 batches" in "".join(log)
    assert "info: ::group::Compiled code for model.shop.events" in log


def test_a_task_of_tests_has_no_node(platform: Platform, tmp_path: Path) -> None:
    scheduler = "version: 0.17\nteam: shop\ndbt_settings: {tests: after}\n"
    run(platform, DbtTeam(tmp_path, {**FILES, "scheduler.yaml": scheduler}).compile())
    assert seen(platform, "people")["tests"] == NO_TESTS
    found = seen(platform, "dbt_tests.people")
    assert found["node"] is None
    assert found["tests"] == {"pass": 1, "warn": 1, "fail": 1, "error": 0, "skipped": 0}


def test_an_error_of_the_database_is_seen_and_its_tests_are_skipped(
    platform: Platform, tmp_path: Path
) -> None:
    broken = {"models/people.sql": "select error('broken') as id from {{ ref('names') }}"}
    run(platform, DbtTeam(tmp_path, {**FILES, **broken}).compile())
    found = seen(platform, "people")
    assert found["node"]["status"] == "error"
    assert "broken" in found["node"]["message"]
    assert found["tests"] == {**NO_TESTS, "skipped": 3}
    assert found["failed_tests"] == []


def test_a_dbt_that_does_not_start_shows_nothing_of_an_earlier_run(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    team = DbtTeam(tmp_path, FILES)
    spec = team.compile()
    subprocess.run([DBT, "build"], cwd=team.folder, capture_output=True, check=False)
    assert (team.folder / "target/run_results.json").exists()
    (team.folder / "models/people.sql").write_text("select * from {{ ref('nobody') }}")
    run(platform, spec)
    assert platform.state("shop_daily", "names") == "failed"
    assert seen(platform, "names") is None
    log = logged(capsys)
    assert "warning: dbt exited before any node had a result." in log
    assert not [line for line in log if ": dbt: " in line]


SAYS = "import os, pathlib; pathlib.Path(os.environ['DBT_SCHEDULER_OUTCOME']).write_text({text!r})"


def a_fake_dbt(folder: Path, code: str) -> DagSpec:
    """A task with a program instead of dbt, which does what real dbt cannot."""
    program = folder / "dbt"
    program.write_text(f"#!{python('')[0]}\n{code}\n")
    program.chmod(0o755)
    return a_spec(a_task("a", operator=OPERATOR, arguments={"command": [str(program), "build"], "cwd": "."}))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "dbt's results are unknown: dbt did not load the plugin in "),
        (
            SAYS.format(text='[{"unique_id": "model'),
            "dbt's results are unknown: they could not be read (",
        ),
        (SAYS.format(text='{"a": NaN}'), "dbt's results are unknown: they could not be read ("),
        (SAYS.format(text='[{"unique_id": 3}]'), "dbt's results are unknown: they could not be read ("),
        (SAYS.format(text="[" * 100_000), "dbt's results are unknown: they could not be read ("),
        (
            SAYS.format(text="[" + " " * 20_000_000 + "]"),
            "dbt's results are unknown: they could not be read (",
        ),
        (SAYS.format(text="[]"), "dbt exited before any node had a result."),
    ],
    ids=["no plugin", "truncated", "no JSON", "not ours", "nested", "long", "empty"],
)
def test_results_that_are_missing_or_damaged_are_one_line_and_no_failure(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str, said: str
) -> None:
    run(platform, a_fake_dbt(tmp_path, code))
    assert platform.state("playground_daily", "a") == "success"
    (line,) = [line for line in logged(capsys) if line.startswith("warning: ")]
    assert line.startswith(f"warning: {said}")
    assert seen(platform, "a", "playground_daily") is None


def a_result(**fields: Any) -> Result:
    none = dict.fromkeys(Result.__struct_fields__)
    return Result(
        **{**none, "unique_id": "model.shop.a", "name": "a", "is_test": False, "status": "success", **fields}
    )


HOSTILE = "\x1b[31m\n::error::gone \u202e::endgroup::\x00\U0001f4a3" * 1000


def test_hostile_results_stay_small_and_cannot_write_into_the_log() -> None:
    tests = [
        a_result(
            unique_id=HOSTILE,
            name=HOSTILE,
            is_test=True,
            status="fail",
            message=HOSTILE,
            code=HOSTILE,
            failures=10**30,
        )
        for _ in range(1000)
    ]
    node = a_result(name=HOSTILE, status=HOSTILE, message=HOSTILE, relation=HOSTILE, code=HOSTILE)
    made = outcome([node, *tests])
    assert len(json.dumps(msgspec.to_builtins(made))) < 8192
    assert made.tests["fail"] == 1000
    assert len(made.failed_tests) + made.failed_tests_left_out == 1000
    said = [text for _, text in lines([node, *tests], made)]
    assert len(said) < 40
    assert max(map(len, said)) < 60_000
    ends = [text for text in said if text == "::endgroup::"]
    assert len(ends) == len([text for text in said if text.startswith("::group::")])
    assert not [text for text in said if "::endgroup::" in text and text != "::endgroup::"]
    assert "\x1b" not in "".join(said)


def test_a_secret_of_dbt_is_neither_in_the_log_nor_in_the_xcom(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = {
        "type": "duckdb",
        "path": str(tmp_path / "shop.duckdb"),
        "schema": "{{ env_var('DBT_ENV_SECRET_A') }}",
    }
    team = DbtTeam(
        tmp_path,
        {
            **FILES,
            "profiles.yml": {"shop": {"target": "dev", "outputs": {"dev": output}}},
            "models/people.sql": "select error('{{ target.schema }}') as id from {{ ref('names') }}",
        },
    )
    secret = {"DBT_ENV_SECRET_A": "pw7"}  # too short for Airflow's own masking
    spec = team.compile(**secret)
    tasks = [
        msgspec.structs.replace(
            task, arguments={**task.arguments, "env": {**task.arguments["env"], **secret}}
        )
        for task in spec.tasks
    ]
    run(platform, msgspec.structs.replace(spec, tasks=tuple(tasks)))
    assert seen(platform, "names")["node"]["relation"] == '"shop"."*****"."names"'
    found = seen(platform, "people")
    assert "*****" in found["node"]["message"]
    assert "pw7" not in json.dumps(found)
    log = capsys.readouterr().out
    assert 'from "shop"."*****"."names"' in log
    assert "pw7" not in log


def test_bytes_and_slot_time_of_bigquery_are_seen() -> None:
    said = BigQueryAdapterResponse(
        _message="CREATE TABLE", code="CREATE TABLE", rows_affected=3, bytes_processed=2048, slot_ms=1500
    )
    node = SimpleNamespace(
        unique_id="model.shop.a", name="a", resource_type="model", compiled_code="select 1"
    )
    result = RunResult(
        node=node,  # type: ignore[arg-type]
        status=RunStatus.Success,
        timing=[],
        thread_id="Thread-1",
        execution_time=0.1,
        adapter_response=said.to_dict(omit_none=True),
        message="CREATE TABLE",
        failures=None,
    )
    read = msgspec.convert(plugin._entry(result), Result)
    made = outcome([read])
    assert made.node
    assert (made.node.rows_affected, made.node.bytes_processed, made.node.slot_ms) == (3, 2048, 1500)
    assert [text for _, text in lines([read], made)][-1] == (
        "dbt: model.shop.a: success, 3 rows affected, 2,048 bytes processed, 1.5 s of slot time"
    )


def test_the_xcom_is_as_documented() -> None:
    page = (Path(__file__).parents[3] / "docs/results.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    document = json.loads(example)
    assert json.loads(msgspec.json.encode(msgspec.convert(document, Outcome))) == document
