"""Writes one platform as DAG files of several kinds: compiled, hand-written, and for each of the peers.

Every team has one daily DAG with all of its models, each with its tests in its task, and sensors for other teams' assets.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import yaml

from dbt_scheduler.spec import DagSpec
from generate import generate

_SCHEDULER = """\
version: 0.17
team: {team}
alerting: {{channel: "#{team}-alerts", tag: ["@amazing.person"]}}
exposed_assets: [{{regex: "fct_.*"}}, {{regex: "dim_.*"}}]
"""
_BY_HAND = """\
from datetime import datetime, timedelta
from airflow.sdk import DAG, CronDataIntervalTimetable, TaskGroup
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

GROUPS = {groups!r}
SENSORS = {sensors!r}
TASKS = {tasks!r}
ENV = {env!r}

with DAG(
    {dag_id!r},
    schedule=CronDataIntervalTimetable("10 0 * * *", "UTC"),
    start_date=datetime(2025, 1, 1),
    catchup=False,
    tags=[{team!r}],
) as dag:
    groups = {{name: TaskGroup(name) for name in GROUPS}}
    built = {{}}
    for group, name, dag_id, task_id in SENSORS:
        built[f"{{group}}.{{name}}"] = ExternalTaskSensor(
            task_id=name, task_group=groups[group], external_dag_id=dag_id, external_task_id=task_id,
            deferrable=True, retries=3, retry_delay=timedelta(minutes=1),
        )
    for group, name, command, upstream in TASKS:
        built[f"{{group}}.{{name}}"] = BashOperator(
            task_id=name, task_group=groups[group], bash_command=command, env=ENV, append_env=True,
            retries=2, retry_delay=timedelta(seconds=300), execution_timeout=timedelta(seconds=7200),
            max_active_tis_per_dag=1, trigger_rule="none_failed", pool="dbt_scheduler",
        )
    for group, name, command, upstream in TASKS:
        if upstream:
            built[f"{{group}}.{{name}}"].set_upstream([built[parent] for parent in upstream])
"""
_DAG_FACTORY = """\
from airflow.sdk import DAG
from dagfactory import load_yaml_dags
load_yaml_dags(globals_dict=globals(), config_filepath={path!r})
"""
_COSMOS = """\
from datetime import datetime
from airflow.sdk import DAG
from cosmos import DbtDag, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import LoadMode, TestBehavior

for team in {teams!r}:
    dag = globals()[team] = DbtDag(
        dag_id=team,
        project_config=ProjectConfig(manifest_path={manifest!r}, project_name="warehouse"),
        profile_config=ProfileConfig("warehouse", "dev", profiles_yml_filepath={profiles!r}),
        execution_config=ExecutionConfig(dbt_project_path={project!r}),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST, test_behavior=TestBehavior.BUILD, select={select}
        ),
        schedule="10 0 * * *", start_date=datetime(2025, 1, 1), catchup=False,
    )
"""
_DMP_AF = """\
# dag, airflow
from dmp_af.conf import Config, DbtDefaultTargetsConfig, DbtProjectConfig
from dmp_af.dags import compile_dmp_af_dags

where = {project!r}
project = DbtProjectConfig(
    dbt_project_name="warehouse", dbt_project_path=where, dbt_models_path=where + "/models", dbt_profiles_path=where,
    dbt_target_path=where + "/target", dbt_log_path=where + "/logs", dbt_schema="main",
)
config = Config(dbt_project=project, dbt_default_targets=DbtDefaultTargetsConfig(default_target="dev"))
globals().update(compile_dmp_af_dags(manifest_path={manifest!r}, config=config))
"""
_PROFILES = "warehouse: {target: dev, outputs: {dev: {type: duckdb, path: warehouse.duckdb, schema: main, threads: 1}}}\n"
_CLUSTERS = ("sql_cluster", "daily_sql_cluster", "py_cluster", "bf_cluster")


def write(folder: Path, teams: int, models: int) -> dict[str, tuple[Path, Path]]:
    """The folder of DAG files of each kind, and a folder with a small DAG of that kind, by the kind's name."""
    large, small = (
        _write_all(folder / name, *size) for name, size in (("l", (teams, models)), ("s", (1, 30)))
    )
    return {name: (large[name], small[name]) for name in large}


def _write_all(place: Path, teams: int, models: int) -> dict[str, Path]:
    projects = _write_projects(place / "projects", teams, models)
    command = [Path(sys.executable).with_name("dbt-scheduler"), "compile", *projects, "--out", place / "out"]
    subprocess.run(command, check=True, capture_output=True)
    (place / "out" / "dags" / "dbt_scheduler_resume.py").unlink()
    _write_one_project(place / "one", projects)
    for name, writer in _WRITERS.items():
        (place / name).mkdir()
        writer(place, place / name, projects)
    return {"ours": place / "out" / "dags", **{name: place / name for name in _WRITERS}}


def _write_projects(folder: Path, teams: int, models: int) -> list[Path]:
    projects = generate(folder, teams, models)
    for project in projects:
        (project / "scheduler.yaml").write_text(_SCHEDULER.format(team=project.name))
        (project / "profiles.yml").write_text(_PROFILES)
        manifest = project / "target" / "manifest.json"
        text = manifest.read_text()
        for pipeline in ("hourly", "weekly"):
            text = text.replace(f'"pipelines": ["{pipeline}"]', '"pipelines": ["daily"]')
        manifest.write_text(text)
    return projects


def _write_one_project(folder: Path, projects: Iterable[Path]) -> None:
    """Write all teams' models as one project with a folder per team, with refs instead of sources."""
    whole: dict[str, Any] = {"nodes": {}, "sources": {}}
    for project in projects:
        manifest = json.loads((project / "target" / "manifest.json").read_bytes())
        for node in manifest["nodes"].values():
            folders = ["dbt", "models"] if node["resource_type"] == "test" else []
            node["fqn"] = ["warehouse", *folders, project.name, *node["fqn"][1:]]
            node["original_file_path"] = node["original_file_path"].replace("/", f"/{project.name}/", 1)
            node["package_name"] = "warehouse"
            node["tags"] = [project.name]
            node["config"] |= {**dict.fromkeys(_CLUSTERS, "dev"), "tags": [project.name]}
            parents = node["depends_on"]["nodes"]
            node["depends_on"]["nodes"] = [parent for each in parents for parent in _of_one(each)]
        whole["nodes"] |= manifest.pop("nodes")
        whole = {**manifest, **whole}
    whole["parent_map"] = {name: node["depends_on"]["nodes"] for name, node in whole["nodes"].items()}
    (folder / "target").mkdir(parents=True)
    (folder / "target" / "manifest.json").write_text(json.dumps(whole))
    (folder / "profiles.yml").write_text(_PROFILES)
    (folder / "dbt_project.yml").write_text("name: warehouse\nprofile: warehouse\n")


def _of_one(parent: str) -> list[str]:
    """A parent in the one project: another team's model instead of its source; none for raw sources."""
    kind, _, *names = parent.split(".")
    if kind != "source":
        return [parent]
    return [f"model.{names[0]}.{names[1]}"] if names[0].startswith("team_") else []


def _by_hand(place: Path, to: Path, _: list[Path]) -> None:
    for spec in _specs(place):
        values = {
            "dag_id": spec.dag_id,
            "team": spec.team,
            "groups": sorted({item.group for item in (*spec.sensors, *spec.tasks) if item.group}),
            "sensors": [(s.group, s.asset, s.producer.dag_id, s.producer.task_id) for s in spec.sensors],
            "tasks": [
                (t.group, t.task_id.rpartition(".")[2], " ".join(t.arguments["command"]), t.upstream)
                for t in spec.tasks
            ],
            "env": spec.tasks[0].arguments["env"],
        }
        (to / f"{spec.dag_id}.py").write_text(_BY_HAND.format(**values))


def _dag_factory(place: Path, to: Path, _: list[Path]) -> None:
    for spec in _specs(place):
        tasks: list[dict[str, Any]] = [
            {
                "task_id": _unique(each.task_id),
                "operator": "airflow.providers.standard.sensors.external_task.ExternalTaskSensor",
                "task_group_name": each.group,
                "external_dag_id": each.producer.dag_id,
                "external_task_id": each.producer.task_id,
                "deferrable": True,
            }
            for each in spec.sensors
        ]
        tasks += [
            {
                "task_id": _unique(each.task_id),
                "operator": "airflow.providers.standard.operators.bash.BashOperator",
                "task_group_name": each.group,
                "bash_command": " ".join(each.arguments["command"]),
                "env": each.arguments["env"],
                "append_env": True,
                "max_active_tis_per_dag": 1,
                "trigger_rule": "none_failed",
                "pool": "dbt_scheduler",
                "dependencies": [_unique(parent) for parent in each.upstream],
            }
            for each in spec.tasks
        ]
        dag = {
            "default_args": {"start_date": "2025-01-01", "retries": 2, "retry_delay_sec": 300},
            "schedule": "10 0 * * *",
            "catchup": False,
            "task_groups": [
                {"group_name": name} for name in sorted({task["task_group_name"] for task in tasks})
            ],
            "tasks": tasks,
        }
        path = to / f"{spec.dag_id}.yaml"
        path.write_text(yaml.safe_dump({spec.dag_id: dag}))
        path.with_suffix(".py").write_text(_DAG_FACTORY.format(path=str(path)))


def _unique(task_id: str) -> str:
    """A name without its group that is unique in the DAG, which dag-factory requires."""
    group, _, name = task_id.rpartition(".")
    return f"{name}__{group}" if group.startswith("wait_for") else name


def _cosmos(_: Path, to: Path, projects: list[Path]) -> None:
    """Write one project per team."""
    for project in projects:
        _write_cosmos(to / f"{project.name}.py", project, [project.name], select="[]")


def _cosmos_one(place: Path, to: Path, projects: list[Path]) -> None:
    teams = [project.name for project in projects]
    _write_cosmos(to / "team_all.py", place / "one", teams, select='["tag:" + team]')


def _write_cosmos(file: Path, project: Path, teams: list[str], *, select: str) -> None:
    manifest, profiles = project / "target" / "manifest.json", project / "profiles.yml"
    names = {"manifest": str(manifest), "profiles": str(profiles), "project": str(project)}
    file.write_text(_COSMOS.format(teams=teams, select=select, **names))


def _dmp_af(place: Path, to: Path, _: list[Path]) -> None:
    one = place / "one"
    (to / "team_all.py").write_text(
        _DMP_AF.format(project=str(one), manifest=str(one / "target" / "manifest.json"))
    )


def _specs(place: Path) -> list[DagSpec]:
    files = sorted((place / "out" / "dags").glob("*.json"))
    return [msgspec.json.decode(file.read_bytes(), type=DagSpec) for file in files]


_WRITERS: dict[str, Callable[[Path, Path, list[Path]], None]] = {
    "by hand": _by_hand,
    "dag-factory": _dag_factory,
    "cosmos": _cosmos,
    "cosmos, one project": _cosmos_one,
    "dmp-af": _dmp_af,
}
