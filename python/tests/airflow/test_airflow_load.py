"""Specs that load, and specs that Airflow must show as import errors."""

import subprocess
import sys

import msgspec
import pytest

from builders import a_spec, a_task, a_wait
from dbt_scheduler.spec import STUB, Schedule
from harness import Platform

DAG = "playground_daily"
AGAIN = "Run `dbt-scheduler compile` again and deploy the .json file together with its .py file."


def error_of(platform: Platform, content: bytes | None) -> str:
    """Airflow's import error for a stub next to a spec with this content; None: without a spec."""
    (platform.dags / f"{DAG}.py").write_text(STUB)
    if content is not None:
        (platform.dags / f"{DAG}.json").write_bytes(content)
    bag = platform.parse()
    assert not bag.dags
    (error,) = bag.import_errors.values()
    return error.splitlines()[-1]


def test_a_missing_spec_is_an_import_error(platform: Platform) -> None:
    assert error_of(platform, None) == (
        f"dbt_scheduler.spec.SpecError: The DAG spec {platform.dags}/{DAG}.json is missing. {AGAIN}"
    )


GOOD = msgspec.json.encode(a_spec(a_task("a")))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (GOOD[:200], "is truncated or not JSON: Input data was truncated."),
        (b"", "is truncated or not JSON: Input data was truncated."),
        (b"<html>", "is truncated or not JSON: JSON is malformed: invalid character (byte 0)."),
        (b"\xff\xfe{}", "is truncated or not JSON: JSON is malformed: invalid character (byte 0)."),
        (b"[]", "is not a valid DAG spec: the top level must be a mapping, not a list."),
        (b"{}", 'is not a valid DAG spec: "format_version" is missing.'),
        (b'{"format_version": 1}', 'is not a valid DAG spec: "dag_id" is missing.'),
        (
            GOOD.replace(b'"retries":0', b'"retries":"two"'),
            'is not a valid DAG spec: "tasks[0].retries" must be an integer, not a string.',
        ),
        (msgspec.json.encode(a_spec()), "has no tasks."),
        (GOOD.replace(b'"format_version":1', b'"format_version":0'), "has the unknown format_version 0."),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"," + GOOD[1:], "is nested too deeply."),
        (msgspec.json.encode(a_spec(a_task("a"), a_task("a"))), 'has two tasks with the task_id "a".'),
        (
            msgspec.json.encode(a_spec(a_task("a", group="marts"))).replace(b'"marts.a"', b'"a"'),
            'has a task "a" whose task_id does not start with its group "marts".',
        ),
        (
            msgspec.json.encode(a_spec(a_task("a", upstream=["b"]))),
            'has a task "a" downstream of the unknown task "b".',
        ),
        (
            msgspec.json.encode(a_spec(a_task("a", upstream=["b"]), a_task("b", upstream=["a"]))),
            "has a dependency cycle: a → b → a.",
        ),
        (
            msgspec.json.encode(a_spec(a_task("a"), team="other")),
            "is the spec of the DAG other_daily: spec files must not be renamed.",
        ),
        (
            msgspec.json.encode(
                a_spec(a_task("a"), sensors=(a_wait("fct", schedule=Schedule("0 0 * * *", "X")),))
            ),
            'has an unsupported schedule: timezone "X" is unknown.',
        ),
    ],
)
def test_a_broken_spec_is_an_import_error(platform: Platform, content: bytes, problem: str) -> None:
    assert error_of(platform, content) == (
        f"dbt_scheduler.spec.SpecError: The DAG spec {platform.dags}/{DAG}.json {problem} {AGAIN}"
    )


def test_a_spec_of_a_newer_format_is_an_import_error(platform: Platform) -> None:
    newer = b'{"format_version": 3, "shape": "unknown"}'
    assert error_of(platform, newer) == (
        f"dbt_scheduler.spec.SpecError: The DAG spec {platform.dags}/{DAG}.json has format_version 3, which was written by a newer dbt-scheduler; this one supports versions up to 2"
        ". "
        "Upgrade dbt-scheduler in this environment."
    )


def test_an_operator_that_is_not_on_the_list_is_an_import_error(platform: Platform) -> None:
    spec = a_spec(a_task("a", operator="os.system"))
    assert error_of(platform, msgspec.json.encode(spec)) == (
        "dbt_scheduler.airflow.build.UnusableOperatorError: The operator os.system is not supported. The spec was compiled by a newer dbt-scheduler, or edited manually."
    )


def test_an_operator_of_a_missing_package_is_an_import_error(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "airflow.providers.not_installed.operators.Thing"
    monkeypatch.setattr(
        "dbt_scheduler.airflow.build.operators", lambda: {path: "apache-airflow-providers-thing"}
    )
    assert error_of(platform, msgspec.json.encode(a_spec(a_task("a", operator=path)))) == (
        f"dbt_scheduler.airflow.build.UnusableOperatorError: The operator {path} requires "
        "airflow.providers.not_installed, which is not installed. "
        "In Airflow's environment, run: pip install 'apache-airflow-providers-thing'"
    )


def test_one_broken_spec_hides_no_other(platform: Platform) -> None:
    platform.deploy(a_spec(a_task("a"), team="other"))
    (platform.dags / f"{DAG}.py").write_text(STUB)
    bag = platform.parse()
    assert list(bag.dags) == ["other_daily"]
    assert len(bag.import_errors) == 1


def test_a_dag_is_of_its_stubs_file(platform: Platform) -> None:
    platform.deploy(a_spec(a_task("a")))
    assert platform.parse().dags[DAG].fileloc == str(platform.dags / f"{DAG}.py")


def test_loading_reads_no_schemas_and_no_yaml_and_needs_no_registry(platform: Platform) -> None:
    platform.deploy(
        a_spec(
            a_task("a", upstream=("wait_for__hard_dependencies.dim",), assets=("shipping.fct",)),
            a_task("b", operator="dbt_scheduler.airflow.dbt_operator.DbtOperator"),
            sensors=(a_wait("dim"),),
        )
    )
    code = f"""
import sys
import airflow.providers.standard.sensors.external_task
before = set(sys.modules)
from dbt_scheduler.airflow import load_dag, load_resume_dag
load_dag({str(platform.dags / DAG) + ".py"!r})
load_resume_dag("dbt_scheduler_resume.py", airflow_connection="airflow", registry_url=None, alerts=("log", ""))
print(*sorted(name.split(".")[0] for name in set(sys.modules) - before))
print(*sorted(name for name in set(sys.modules) if name.startswith("dbt_scheduler.")))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    new, ours = done.stdout.splitlines()[-2:]
    assert not {"jsonschema", "yaml", "click", "dbt"} & set(new.split())
    # # For an asset with a common scheme, Airflow imports all providers.
    assert not {"aiohttp", "google", "kubernetes"} & set(new.split())
    assert not {
        "dbt_scheduler.config.schema.validation",
        "dbt_scheduler.config.yaml",
        "dbt_scheduler.compiler.specs",
        "dbt_scheduler.registry.stores",
        "dbt_scheduler.waits.wait",
        "dbt_scheduler.airflow.dbt_tasks.outcome",
    } & set(ours.split())
    assert "dbt_scheduler.airflow.dbt_operator" in ours.split()
