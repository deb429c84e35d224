"""Runs of selected tasks only: the DAG's params, and the hooks that skip all others."""

from airflow.sdk import BaseOperator, Context, Param
from airflow.sdk.definitions.mappedoperator import MappedOperator

from dbt_scheduler.airflow.compat import AirflowSkipException
from dbt_scheduler.spec import ON_RUN_START, DagSpec


def params(spec: DagSpec) -> dict[str, Param]:
    """The params of a DAG: a full refresh, and the tasks to run."""
    names = sorted(
        {_name(task.task_id, task.group) for task in spec.tasks} | {task.task_id for task in spec.tasks}
    )
    return {
        "full_refresh": Param(
            default=False,
            type="boolean",
            title="Full refresh",
            description="Rebuild incremental models and seeds from scratch, microbatch models from their `begin` date.",
        ),
        "only": Param(
            default=[],
            type="array",
            items={"type": "string", "enum": names},
            examples=names,
            title="Only these tasks",
            description="The tasks to run; all others are skipped. Empty: all tasks.",
        ),
    }


def skip_unless_chosen(context: Context) -> None:
    """Before a task: skip it if the run is for selected tasks, and it is neither one of them nor a hook of the run."""
    chosen, task = _chosen(context), context["task"]
    hook = task.is_teardown or task.task_id.startswith(f"{ON_RUN_START}.")
    if chosen and not hook and not _is_chosen(task, chosen):
        raise AirflowSkipException(f"This run includes only {', '.join(sorted(chosen))}.")


def skip_unless_read(context: Context) -> None:
    """Before a sensor: skip it if the run is for selected tasks, and none of them needs it."""
    chosen = _chosen(context)
    readers = context["task"].downstream_list
    if chosen and not any(_is_chosen(reader, chosen) for reader in readers):
        raise AirflowSkipException(f"None of {', '.join(sorted(chosen))} depends on this task.")


def _chosen(context: Context) -> frozenset[str]:
    return frozenset(context["params"]["only"])


def _is_chosen(task: BaseOperator | MappedOperator, chosen: frozenset[str]) -> bool:
    return task.task_id in chosen or task.label in chosen


def _name(task_id: str, group: str | None) -> str:
    return task_id.removeprefix(f"{group}.") if group else task_id
