# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""Builds the Airflow DAG of a spec, the same way for all task kinds."""

from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow.sdk import DAG, Asset, BaseOperator, TaskGroup, TriggerRule
from airflow.sdk.definitions.param import ParamsDict
from msgspec import UNSET

from dbt_scheduler.airflow.alerts.failures import alert_on_failure, forget_on_success
from dbt_scheduler.airflow.alerts.subject import Callback
from dbt_scheduler.airflow.callback import resume_consumers
from dbt_scheduler.airflow.compat import DOUBLING
from dbt_scheduler.airflow.intervals import template_macros
from dbt_scheduler.airflow.task_selection import params, skip_unless_chosen
from dbt_scheduler.airflow.timetable import timetable
from dbt_scheduler.kinds.places import operators
from dbt_scheduler.schedule import first_instant
from dbt_scheduler.spec import DagSpec, Sensor, Task

_SENSOR_RETRIES = 3
"""For failures of workers and networks; a sensor's timeout is final."""


class UnusableOperatorError(Exception):
    """A spec names an operator that is not supported, or whose package is not installed."""


def build_dag(spec: DagSpec, stub: Path) -> DAG:
    """The DAG, as if it were defined in ``stub``. Raises UnusableOperatorError."""
    dag = DAG(
        spec.dag_id,
        schedule=timetable(spec.schedule),
        start_date=first_instant(spec.schedule),
        catchup=spec.catchup,
        max_active_runs=spec.max_active_runs,
        tags=spec.tags,
        doc_md=spec.doc.rstrip() + "\n",  # Airflow reads a text that ends in ".md" as a file name
        user_defined_macros=template_macros(spec.schedule),
    )
    dag.fileloc = str(stub)
    groups: dict[str | None, TaskGroup] = {None: dag.task_group}
    for group in _groups(spec):
        groups[group] = TaskGroup(group, dag=dag)
    built: dict[str, BaseOperator] = {}
    for wait in spec.sensors:
        built[wait.task_id] = _sensor(wait, spec, dag=dag, task_group=groups[wait.group])
    for task in spec.tasks:
        built[task.task_id] = _task(task, spec, dag=dag, task_group=groups[task.group])
    _connect(spec, built)
    # Last, because Airflow gives each task that is added later a deep copy of them.
    dag.params = ParamsDict(params(spec))
    return dag


def _groups(spec: DagSpec) -> list[str]:
    named = [item.group for item in _items(spec) if item.group]
    return list(dict.fromkeys(named))


def _sensor(wait: Sensor, spec: DagSpec, **where: Any) -> BaseOperator:
    from dbt_scheduler.airflow.sensor import AssetSensor  # noqa: PLC0415 - only needed by DAGs with sensors

    return AssetSensor(
        wait=wait,
        spec=spec,
        task_id=_label(wait),
        owner=spec.team,
        doc_md=f"Waits for `{wait.asset}` of **{wait.team}** ({wait.dependency}).",
        inlets=[_asset(f"{wait.team}.{wait.asset}")],
        retries=_SENSOR_RETRIES,
        retry_delay=timedelta(minutes=1),
        trigger_rule=TriggerRule.NONE_FAILED,
        on_failure_callback=alert_on_failure(spec),
        **where,
    )


def _task(task: Task, spec: DagSpec, **where: Any) -> BaseOperator:
    operator = _operator(task.operator)
    # Our own operators do it in a method: Airflow stores the source of a hook with each task.
    hook = {} if task.operator.startswith("dbt_scheduler.") else {"pre_execute": skip_unless_chosen}
    built: BaseOperator = operator(
        **task.arguments,
        task_id=_label(task),
        owner=spec.team,
        doc_md=task.doc,
        inlets=[_asset(name) for name in task.reads],
        outlets=[_asset(name) for name in task.assets],
        retries=task.retries,
        retry_delay=timedelta(seconds=task.retry_delay_seconds),
        execution_timeout=timedelta(seconds=task.timeout_seconds),
        max_active_tis_per_dag=1,
        trigger_rule=TriggerRule.NONE_FAILED,
        on_failure_callback=alert_on_failure(spec),
        on_success_callback=[
            *([resume_consumers(spec, task.assets)] if task.signals else []),
            *_alerts_on_warnings(task, spec),
            forget_on_success,
        ],
        **_given(task),
        **hook,
        **where,
    )
    built.template_ext = ()  # no argument is the name of a template file
    # Airflow stores each field with each task: a pod has dozens, most of them empty.
    built.template_fields = tuple(name for name in built.template_fields if getattr(built, name))
    if task.teardown:
        built.as_teardown(on_failure_fail_dagrun=False)
    return built


def _given(task: Task) -> dict[str, Any]:
    """Arguments of the spec that override Airflow's defaults."""
    given: dict[str, Any] = {
        "pool": task.pool or UNSET,
        "queue": task.queue,
        "priority_weight": task.priority,
    }
    if task.max_retry_delay_seconds is not UNSET:
        given["retry_exponential_backoff"] = DOUBLING
        given["max_retry_delay"] = timedelta(seconds=task.max_retry_delay_seconds)
    return {name: value for name, value in given.items() if value is not UNSET}


def _alerts_on_warnings(task: Task, spec: DagSpec) -> list[Callback]:
    if not spec.alert_warnings or task.kind != "dbt":
        return []
    from dbt_scheduler.airflow.alerts.warnings import alert_on_warnings  # noqa: PLC0415 - rarely enabled

    return [alert_on_warnings(spec)]


@cache
def _operator(path: str) -> Any:
    if path not in operators():
        raise UnusableOperatorError(
            f"The operator {path} is not supported. The spec was compiled by a newer dbt-scheduler, or "
            "edited manually."
        )
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise UnusableOperatorError(
            f"The operator {path} requires {error.name}, which is not installed. In Airflow's "
            f"environment, run: pip install '{operators()[path]}'"
        ) from None


@cache
def _asset(name: str) -> Asset:
    # Without the x-, Airflow would ask all providers for the scheme: with Google's, 0.6 s each time it parses the DAG.
    team, _, asset = name.partition(".")
    return Asset(name=name, uri=f"x-dbt-scheduler://{quote(team)}/{quote(asset)}")


def _label(item: Task | Sensor) -> str:
    """The task_id without the prefix of its group, which the task group adds."""
    return item.task_id.removeprefix(f"{item.group}.") if item.group else item.task_id


def _connect(spec: DagSpec, built: dict[str, BaseOperator]) -> None:
    for item in _items(spec):
        _set_upstream(built[item.task_id], [built[name] for name in item.upstream])
    ends = [built[name] for name in _ends(spec)]
    for task in spec.tasks:
        if task.teardown and not any(built[name].is_teardown for name in task.upstream):
            _set_upstream(built[task.task_id], ends)


def _set_upstream(task: BaseOperator, parents: list[BaseOperator]) -> None:
    """Airflow's ``set_upstream`` without its checks, which always pass here and take a sixth of the parsing time."""
    task.upstream_task_ids.update(parent.task_id for parent in parents)
    for parent in parents:
        parent.downstream_task_ids.add(task.task_id)


def _ends(spec: DagSpec) -> list[str]:
    """The task_ids that must finish before the teardowns run.

    The leaves are not enough: a leaf is ``upstream_failed`` as soon as one parent fails, while another parent is still
    running. A task that is the only parent of another one needs no edge.
    """
    work = [item for item in _items(spec) if isinstance(item, Sensor) or not item.teardown]
    vouched = {item.upstream[0] for item in work if len(item.upstream) == 1}
    return [item.task_id for item in work if item.task_id not in vouched]


def _items(spec: DagSpec) -> list[Sensor | Task]:
    return [*spec.sensors, *spec.tasks]
