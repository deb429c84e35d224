"""The documentation of DAGs and tasks in Airflow: contents, owners and SLOs."""

from collections.abc import Iterable

from dbt_scheduler.project.types import Project, ProjectTask
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.schedule.durations import format_duration
from dbt_scheduler.spec import Sensor


def dag_doc(project: Project, pipeline: str, entry: Entry, sensors: Iterable[Sensor]) -> str:
    """The DAG's team and contact, its exposed assets and its waits, as Markdown."""
    contact = project.config.alerting.channel
    lines = [f"**{project.team}**, pipeline **{pipeline}**." + (f" Contact: {contact}." if contact else "")]
    promises = [
        f"- `{asset}`{_ready(promise.slo_seconds)}"
        for asset, made in entry.produced.items()
        if (promise := made.pipelines.get(pipeline)) and promise.exposed
    ]
    if promises:
        lines += ["", "Other teams may depend on:", "", *promises]
    waits = [f"- `{s.asset}` of {s.team}, {s.dependency}, produced by `{s.producer.dag_id}`" for s in sensors]
    if waits:
        lines += ["", "Waits for:", "", *waits]
    return "\n".join(lines) + "\n"


def task_doc(task: ProjectTask) -> str:
    """The description of a node, or the assets that a declared task fills; may be empty."""
    if task.node is not None:
        return task.node.description
    return f"Fills {', '.join(task.assets)}." if task.assets else ""


def _ready(slo_seconds: int | None) -> str:
    return "" if slo_seconds is None else f", ready {format_duration(slo_seconds)} after the scheduled time"
