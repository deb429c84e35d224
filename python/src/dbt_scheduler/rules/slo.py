"""Promises that cannot be kept."""

from collections.abc import Iterator

import msgspec

from dbt_scheduler.catalogue.assets import SCH308
from dbt_scheduler.durations import duration
from dbt_scheduler.errors import Finding
from dbt_scheduler.graph.lineage import DagGraph
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.pipelines import wait_lag_seconds
from dbt_scheduler.registry import Entry


class _Need(msgspec.Struct, frozen=True, order=True):
    """Something that an asset needs, and when it is ready, from the scheduled time of the needing run."""

    ready: int
    team: str
    asset: str


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH308: an asset promised earlier than one that it waits for, or that it is made of in its own DAG.

    A producer without an SLO promises nothing to compare with.
    """
    waited = _waited(team.entry)
    for pipeline, dag in team.graph.dags.items():
        above = _promised_above(team, dag)
        for asset, made in team.entry.produced.items():
            promise = made.pipelines.get(pipeline)
            if promise is None or promise.slo_seconds is None:
                continue
            needs = {need for need in (above.get(team.project.assets[asset]),) if need}
            for sensor in promise.waits:
                for wait in waited.get((pipeline, sensor), ()):
                    ready = _ready_seconds(workspace, team.entry, pipeline, wait)
                    needs |= set() if ready is None else {_Need(ready, wait[0], wait[1])}
            for need in sorted(needs):
                if need.ready > promise.slo_seconds:
                    yield _impossible(team, (asset, pipeline, promise.slo_seconds), need)


def _impossible(team: Team, promise: tuple[str, str, int], need: _Need) -> Finding:
    asset, pipeline, seconds = promise
    return SCH308.at(
        str(team.project.folder / "scheduler.yaml"),
        subject=asset,
        asset=asset,
        pipeline=pipeline,
        promised=f"{duration(seconds)} after the scheduled time",
        needed=need.asset,
        team=need.team,
        ready=duration(need.ready),
        possible=duration(need.ready),
    )


def _promised_above(team: Team, dag: DagGraph) -> dict[str, _Need]:
    """For each work the latest promise among those it is made of within its DAG, as far as there are any."""
    above: dict[str, _Need] = {}
    for work in dag.parents_first:
        needs = [above[parent] for parent in dag.upstream[work] if parent in above]
        needs += [need for parent in dag.upstream[work] for need in _promises(team, dag, parent)]
        if needs:
            above[work] = max(needs)
    return above


def _promises(team: Team, dag: DagGraph, work: str) -> Iterator[_Need]:
    for asset in dag.works[work].assets:
        made = team.entry.produced.get(asset)
        promise = made.pipelines.get(dag.pipeline) if made else None
        if promise and promise.slo_seconds is not None:
            yield _Need(promise.slo_seconds, team.project.team, asset)


def _waited(entry: Entry) -> dict[tuple[str, str], set[tuple[str, str, str]]]:
    """What each sensor of the team waits for: team, asset and pipeline."""
    found: dict[tuple[str, str], set[tuple[str, str, str]]] = {}
    for producer, assets in entry.consumed.items():
        for asset, readers in assets.items():
            for reader in readers:
                if reader.sensor_task_id:
                    key = (reader.pipeline, reader.sensor_task_id)
                    found.setdefault(key, set()).add((producer, asset, reader.producer_pipeline))
    return found


def _ready_seconds(
    workspace: Workspace, entry: Entry, pipeline: str, waited: tuple[str, str, str]
) -> int | None:
    team, asset, producer_pipeline = waited
    other = workspace.directory.entries[team]
    slo = other.produced[asset].pipelines[producer_pipeline].slo_seconds
    if slo is None:
        return None
    return slo + wait_lag_seconds(entry.pipelines[pipeline], other.pipelines[producer_pipeline])
