"""Writes a dbt project of 60 models with 60 tests on PostgreSQL, and its DAGs: ours, hand-written, and with cosmos."""

import subprocess
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import URL

from dbt_scheduler.spec import DagSpec

LAYERS, WIDTH = 6, 10
MODELS = LAYERS * WIDTH
DAG = "warehouse_daily"

_PROJECT = """\
name: warehouse
profile: warehouse
flags: {send_anonymous_usage_stats: false}
models: {+materialized: table, +meta: {scheduler: {pipelines: [daily]}}}
"""
_PLATFORM = """\
version: 1
pipelines: {{daily: {{cron: "10 0 * * *", timezone: UTC, grain: day, start_date: 2025-01-01}}}}
defaults: {{retries: 0}}
dbt: {{where: local, pool: default_pool, preload: {preload}}}
"""
_BY_HAND = """\
from datetime import datetime
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG({dag!r}, schedule=None, start_date=datetime(2025, 1, 1)) as dag:
    tasks = dict({tasks!r})
    built = {{name: BashOperator(task_id=name, bash_command="true") for name in tasks}}
    for name, upstream in tasks.items():
        built[name].set_upstream([built[parent] for parent in upstream])
"""
_COSMOS = """\
from datetime import datetime
from airflow.sdk import DAG
from cosmos import DbtDag, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior

dag = DbtDag(
    dag_id={dag!r},
    project_config=ProjectConfig({project!r}, manifest_path={project!r} + "/target/manifest.json"),
    profile_config=ProfileConfig("warehouse", "dev", profiles_yml_filepath={project!r} + "/profiles.yml"),
    execution_config=ExecutionConfig(ExecutionMode.{mode}, invocation_mode=InvocationMode.DBT_RUNNER),
    render_config=RenderConfig(load_method=LoadMode.DBT_MANIFEST, test_behavior=TestBehavior.{tests}),
    schedule=None, start_date=datetime(2025, 1, 1),
)
"""
_UNION = "union all\nselect id from {{{{ ref('m_{parent}') }}}}\n"


class Way(NamedTuple):
    """A way to run the project: the environment, and how its DAG is built."""

    peer: str | None = None
    cosmos: tuple[str, str] | None = None
    dbt: bool = True
    sliced: bool = False
    preload: bool = False
    settings: dict[str, str] = {}  # noqa: RUF012 - never modified


def write_project(folder: Path, warehouse: URL, tools: Path) -> Path:
    """Write and parse the project, with two parents and one test for each model."""
    project = folder / "warehouse"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text(_PROJECT)
    output = {
        "type": "postgres",
        "host": warehouse.host,
        "port": warehouse.port,
        "user": warehouse.username,
        "password": warehouse.password or "none",
        "dbname": warehouse.database,
        "schema": "marts",
        "threads": 4,
    }
    profiles = {"warehouse": {"target": "dev", "outputs": {"dev": output}}}
    (project / "profiles.yml").write_bytes(msgspec.yaml.encode(profiles))
    for number in range(MODELS):
        before = number - number % WIDTH - WIDTH
        parents = [before + number % WIDTH, before + (number + 1) % WIDTH] if before >= 0 else []
        unions = [_UNION.format(parent=parent) for parent in parents]
        (project / f"models/m_{number}.sql").write_text("".join([f"select {number} as id\n", *unions]))
        (project / f"models/m_{number}.yml").write_text(
            f"models: [{{name: m_{number}, columns: [{{name: id, data_tests: [not_null]}}]}}]\n"
        )
    (project / "scheduler.yaml").write_text(
        'version: 0.17\nteam: warehouse\nalerting: {channel: "#warehouse"}\n'
    )
    _run([tools / "dbt", "parse"], project)
    return project


def write_dags(way: Way, project: Path, to: Path, tools: Path) -> None:
    """Write the project's DAG for this way; ``to`` is a folder ``dags`` next to the project."""
    platform = to.with_name("platform.yaml")
    platform.write_text(_PLATFORM.format(preload="true" if way.preload else "false"))
    where = ["--platform", platform, "--out", to.parent]
    _run([tools / "dbt-scheduler", "compile", project, *where], project)
    if way.sliced:
        _run([tools / "dbt-scheduler", "slice", project, "--platform", platform], project)
    (to / "dbt_scheduler_resume.py").unlink()
    spec_file = to / f"{DAG}.json"
    if way.peer is None and way.dbt:
        return
    spec = msgspec.json.decode(spec_file.read_bytes(), type=DagSpec)
    spec_file.unlink()
    if way.cosmos:
        mode, tests = way.cosmos
        # Partial parsing works only with the same arguments: cosmos passes the defaults of the profile.
        _run([tools / "dbt", "parse", "--profile", "warehouse", "--target", "dev"], project)
        text = _COSMOS.format(dag=DAG, project=str(project), mode=mode, tests=tests)
    else:
        text = _BY_HAND.format(dag=DAG, tasks=[(task.task_id, task.upstream) for task in spec.tasks])
    (to / f"{DAG}.py").write_text(text)


def _run(command: list[object], folder: Path) -> None:
    subprocess.run(list(map(str, command)), cwd=folder, check=True, capture_output=True)
