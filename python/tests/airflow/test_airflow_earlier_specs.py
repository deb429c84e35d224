"""What earlier releases have deployed and stored still loads in Airflow after an upgrade."""

import shutil
from importlib import import_module
from pathlib import Path

import pytest

from goldens import INTEGRATION
from harness import Platform

EARLIER = sorted((INTEGRATION / "earlier").iterdir())

STORED = [
    "cloud_run_dbt_operator.CloudRunDbtOperator",
    "cloud_run_operator.CloudRunOperator",
    "cloud_run_trigger.CloudRunTrigger",
    "dbt_operator.DbtOperator",
    "docker_operator.DockerCommandOperator",
    "docker_operator.DockerDbtOperator",
    "kubernetes_dbt_operator.KubernetesDbtOperator",
    "kubernetes_operator.KubernetesCommandOperator",
    "links.ProducerRunLink",
    "operators.CommandOperator",
    "trigger.AssetTrigger",
    "vertex_ai_operator.VertexAiOperator",
    "vertex_ai_trigger.VertexAiTrigger",
]
"""Below ``dbt_scheduler.airflow``: in the specs or the database of Airflow since 0.1."""


@pytest.mark.parametrize("release", EARLIER, ids=lambda path: path.name)
def test_the_dags_of_an_earlier_release_load(platform: Platform, release: Path) -> None:
    shutil.copytree(release / "dags", platform.dags, dirs_exist_ok=True)
    bag = platform.parse()
    assert bag.import_errors == {}
    assert sorted(bag.dags) == sorted(path.stem for path in (release / "dags").glob("*.py"))


@pytest.mark.parametrize("path", STORED)
def test_what_airflow_has_stored_the_path_of_stays_there(path: str) -> None:
    module, _, name = path.partition(".")
    found = getattr(import_module(f"dbt_scheduler.airflow.{module}"), name)
    assert (found.__module__, found.__qualname__) == (f"dbt_scheduler.airflow.{module}", name)
