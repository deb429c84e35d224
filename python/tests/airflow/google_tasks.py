"""Tasks in the places of Google Cloud, and the triggers that they defer to."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_names import TaskDeferred
from builders import a_spec, a_task
from dbt_scheduler.airflow.build import build_dag
from dbt_scheduler.kinds import Job, with_literals
from dbt_scheduler.kinds.places import PlaceSettings, operator_of

A_JOB = Job(name="t", command=("x",), cwd=".", env={}, image="i:1", labels={"team": "Shop"})


def a_google_task(kind: str, where: PlaceSettings, job: Job = A_JOB) -> Any:
    """A task in a place of Google Cloud, as Airflow builds it from a spec, before its execution."""
    made = operator_of(kind, job, where)
    arguments = {name: with_literals(value) for name, value in made.arguments.items()}
    spec = a_spec(a_task("t", operator=made.path, arguments=arguments, kind=kind))
    task: Any = build_dag(spec, Path("/dags/playground_daily.py")).get_task("t")
    task.render_template_fields({})
    task.pre_execute(the_context(task))
    return task


def the_context(task: Any, run_id: str = "r") -> Any:
    """The context that Airflow passes to a task of a run."""
    ti = SimpleNamespace(dag_id="playground_daily", run_id=run_id, task_id="t", map_index=-1)
    return {"params": {"only": []}, "task": task, "ti": ti}


def started(task: Any, run_id: str = "r") -> Any:
    """The trigger that a task defers to."""
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(the_context(task, run_id))
    return deferred.value.trigger
