"""Finds the task that makes an asset at this moment: as the registry says, else as the spec was compiled."""

import logging
from pathlib import Path

from dbt_scheduler.pipelines import pick_pipeline
from dbt_scheduler.registry import Entry, Produced, dag_id, full_task_id
from dbt_scheduler.spec import DagSpec, Producer, Sensor
from dbt_scheduler.stores import RegistryUnreadableError, open_store

_log = logging.getLogger(__name__)


class NoProducerError(Exception):
    """The registry says that nobody makes the asset any more; the message says so to people."""


def registry_url(spec: DagSpec, stub: Path) -> str:
    """Where the registry is: as the spec says, else the folder ``registry`` beside the folder of the DAGs."""
    return spec.registry_url or (stub.resolve().parent.parent / "registry").as_uri()


def find_producer(wait: Sensor, consumer: DagSpec, url: str) -> Producer:
    """The task to wait for now, so that a producer may move it to another group or pipeline on its own.

    The one that was compiled in serves when the registry cannot be read or does not know the team.
    Raises NoProducerError when the team is there, but the asset is not.
    """
    try:
        entry = open_store(url).read(wait.team)
    except (RegistryUnreadableError, ValueError) as error:
        _log.warning(
            "The registry %s cannot be read; waiting for the producer as it was compiled. %s", url, error
        )
        return wait.producer
    if entry is None:
        _log.warning(
            "The registry %s does not know %s; waiting for the producer as it was compiled.", url, wait.team
        )
        return wait.producer
    produced = _produced(entry, wait.asset)
    if produced is None:
        whom = entry.contact.channel or wait.team
        raise NoProducerError(
            f"{wait.team} no longer makes {wait.asset}, says the registry {url}. Ask {whom}."
        )
    return _producer(entry, produced, wait, consumer)


def _produced(entry: Entry, asset: str) -> Produced | None:
    """The asset by its name, else by the bare name that its latest version also has."""
    if asset in entry.produced:
        return entry.produced[asset]
    return next((produced for produced in entry.produced.values() if produced.latest_of == asset), None)


def _producer(entry: Entry, produced: Produced, wait: Sensor, consumer: DagSpec) -> Producer:
    pipelines = produced.pipelines
    if (
        wait.team != consumer.team
    ):  # an asset that is no longer exposed is still made: waiting for it is better than not
        pipelines = {name: made for name, made in pipelines.items() if made.exposed} or pipelines
    schedules = {name: entry.pipelines[name] for name in pipelines}
    name = pick_pipeline(consumer.pipeline, consumer.schedule, schedules)
    return Producer(
        dag_id=dag_id(produced.dag_prefix, name),
        task_id=full_task_id(produced.task_group, produced.task_id),
        pipeline=name,
        schedule=schedules[name],
        slo_seconds=pipelines[name].slo_seconds,
    )
