"""Finds the task that currently produces an asset, for a DAG that waits for it."""

from dbt_scheduler.registry.entry import Entry, Produced, full_task_id, making_dag_id
from dbt_scheduler.schedule import pick_pipeline
from dbt_scheduler.spec import Producer, Schedule


def producer_of(entry: Entry, made: Produced, pipeline: str, schedule: Schedule, *, own: bool) -> Producer:
    """The producing task that a DAG of a pipeline waits for; ``own`` if the DAG belongs to the same team."""
    pipelines = made.pipelines
    if not own:
        # An asset that is no longer exposed is still built, so waiting for it is safer.
        pipelines = {name: each for name, each in pipelines.items() if each.exposed} or pipelines
    chosen = pick_pipeline(pipeline, schedule, {name: entry.pipelines[name] for name in pipelines})
    return producer_in(entry, made, chosen)


def producer_in(entry: Entry, made: Produced, pipeline: str) -> Producer:
    """The producing task of an asset in a pipeline."""
    return Producer(
        dag_id=making_dag_id(made, pipeline),
        task_id=full_task_id(made.task_group, made.task_id),
        pipeline=pipeline,
        schedule=entry.pipelines[pipeline],
        slo_seconds=made.pipelines[pipeline].slo_seconds,
        external=made.dag_id is not None,
    )
