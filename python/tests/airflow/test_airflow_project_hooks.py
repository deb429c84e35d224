"""Real dbt in Airflow: the project's own hooks run once per run, with the results of all of its tasks."""

from pathlib import Path

import pytest
from airflow.sdk import DAG

from builders import python
from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.dbt_operator import DbtOperator
from dbt_team import DbtTeam
from harness import Platform

REPORT = """
{% macro report(results, schemas) %}
  {% for result in results %}
    insert into hooks values ('{{ result.node.name }} {{ result.status }} of {{ schemas | join }}');
  {% endfor %}
{% endmacro %}
"""
SCHEDULED = {"meta": {"scheduler": {"pipelines": ["daily"]}}}


def test_dbt_hooks_run_once_per_run_with_the_results_of_every_task_that_ran(
    platform: Platform, tmp_path: Path
) -> None:
    team = DbtTeam(
        tmp_path,
        {
            "models/good.sql": "select 1 as id",
            "models/bad.sql": "select error('broken') as id from {{ ref('good') }}",
            "models/never.sql": "select * from {{ ref('bad') }}",
            "models/all.yml": {
                "models": [
                    {
                        "name": "good",
                        "config": SCHEDULED,
                        "columns": [{"name": "id", "data_tests": ["unique"]}],
                    },
                    {"name": "bad", "config": SCHEDULED},
                    {"name": "never", "config": SCHEDULED},
                ]
            },
            "macros/report.sql": REPORT,
            "dbt_packages/pk/dbt_project.yml": {
                "name": "pk",
                "on-run-end": "insert into hooks values ('pk after {{ results | length }}')",
            },
        },
        **{
            "on-run-start": ["create table hooks (what text)", "insert into hooks values ('start')"],
            "on-run-end": "{{ report(results, schemas) }}",
        },
    )
    platform.deploy(team.compile())
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.states("shop_daily") == {
        "on_run_start.project-hooks": "success",
        "good": "success",
        "bad": "failed",
        "never": "upstream_failed",
        "on_run_end.project-hooks": "success",
    }
    assert platform.state("shop_daily") == "failed"
    assert team.sql("select what from hooks") == [
        "start",
        "pk after 2",
        "pk after 1",
        "good success of main",
        "unique_good_id pass of main",
        "bad error of main",
    ]


def test_a_dbt_that_does_not_load_the_plugin_fails_the_task(tmp_path: Path) -> None:
    dag = DAG("some_dag", schedule=None)
    dag.fileloc = str(tmp_path / "some_dag.py")
    operator = DbtOperator(task_id="a", dag=dag, cwd=".", command=python("print()"), project_hooks="none")
    with pytest.raises(
        AirflowException,
        match=r"did not load the plugin in .*, so the project's on-run-start and on-run-end hooks",
    ):
        operator.execute.__wrapped__(operator, {})  # type: ignore[attr-defined]
