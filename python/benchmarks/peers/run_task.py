"""Executes a peer's task for one model, in the peer's environment, and prints its CPU seconds.

    python run_task.py subprocess|dbt_runner|dmp-af PROJECT MODEL

The project's target folder has a manifest. Cosmos keeps the files for partial parsing next to the project, between
calls. Measures the task's ``execute`` with all processes that it starts, without parsing the DAG.
"""

import os
import resource
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

os.environ |= {
    "AIRFLOW_HOME": tempfile.mkdtemp(prefix="airflow_home_"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__COSMOS__CACHE_DIR": f"{sys.argv[2]}_cosmos",
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "true",
}

from airflow.sdk import DAG, BaseOperator

_START = datetime(2025, 1, 1, tzinfo=UTC)


class _TaskInstance:
    """A task instance without XComs."""

    def xcom_push(self, **_: object) -> None:
        """Discard the value."""


def main(peer: str, project: Path, model: str) -> None:
    """Print the CPU seconds."""
    task = _dmp_af(project, model) if peer == "dmp-af" else _cosmos(project, model, peer)
    context: Any = {
        "run_id": "timed",
        "params": {},
        "ti": _TaskInstance(),
        "task_instance": _TaskInstance(),
        "data_interval_start": _START,
        "data_interval_end": _START + timedelta(days=1),
    }
    before = _used()
    task.execute(context)
    print(f"\n{_used() - before}")


def _cosmos(project: Path, model: str, mode: str) -> BaseOperator:
    from cosmos import DbtDag, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig  # noqa: PLC0415
    from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior  # noqa: PLC0415

    dag = DbtDag(
        dag_id="timed",
        project_config=ProjectConfig(project, manifest_path=project / "target" / "manifest.json"),
        profile_config=ProfileConfig("shop", "dev", profiles_yml_filepath=project / "profiles.yml"),
        execution_config=ExecutionConfig(ExecutionMode.LOCAL, invocation_mode=InvocationMode(mode)),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            test_behavior=TestBehavior.BUILD,
            select=[model],
            emit_datasets=False,
        ),
        start_date=_START,
    )
    (task,) = dag.tasks
    return task


def _dmp_af(project: Path, model: str) -> BaseOperator:
    from dmp_af.conf import Config, DbtDefaultTargetsConfig, DbtProjectConfig  # noqa: PLC0415
    from dmp_af.operators.run import DbtRun  # noqa: PLC0415

    where = str(project)
    names = {"dbt_project_name": "shop", "dbt_schema": "main"}
    places = {"dbt_project_path": where, "dbt_models_path": f"{where}/models", "dbt_profiles_path": where}
    written = {"dbt_target_path": f"{where}/target", "dbt_log_path": f"{where}/logs"}
    config = Config(
        dbt_project=DbtProjectConfig(**names, **places, **written),
        dbt_default_targets=DbtDefaultTargetsConfig(default_target="dev"),
        dbt_executable_path=str(Path(sys.executable).with_name("dbt")),
    )
    with DAG("timed", schedule=None, start_date=_START):
        return DbtRun(
            task_id=model,
            dmp_af_config=config,
            model_name=model,
            schedule_tag=None,
            target_environment="dev",
        )


def _used() -> float:
    own, children = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
