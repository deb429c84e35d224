"""Finds the teams that a failed task affects: direct consumers, and teams further downstream."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.downstream import Downstream
from dbt_scheduler.registry.entry import AssetKey, Entry, dag_id
from dbt_scheduler.registry.upstream import PipelineAsset
from dbt_scheduler.schedule import Interval, scheduled_time
from dbt_scheduler.spec import DagSpec, Sensor, Task
from dbt_scheduler.waits.deadline import known_deadline
from dbt_scheduler.waits.wait import waits_for


class HeldUp(msgspec.Struct, frozen=True):
    """The affected teams, and when the first of their sensors times out.

    Teams whose sensors wait for the DAG come first, then those that read without a wait (``no_wait``) or are further
    downstream. ``until`` is None if no wait timeout is known.
    """

    teams: tuple[str, ...] = ()
    until: datetime | None = None


def held_up_by(entries: Mapping[str, Entry], spec: DagSpec, task_id: str, run: Interval) -> HeldUp:
    """The teams affected by the failure of a task, in the run of a data interval."""
    entry = entries.get(spec.team)
    if entry is None or dag_id(entry.dag_prefix, spec.pipeline) != spec.dag_id:
        return HeldUp()  # no entry, or that of another environment: no sensor waits for this DAG
    assets = _assets_below(spec, task_id)
    waits = [wait for wait in waits_for(entries, spec.team, assets, spec.dag_id) if wait.team != spec.team]
    made = (PipelineAsset(spec.team, asset, spec.pipeline) for asset in assets)
    # No asset has an empty name; this is a virtual root of the affected assets.
    reached = Downstream(Directory(entries)).indirect_teams(AssetKey(spec.team, ""), made)
    direct = sorted({wait.team for wait in waits})
    # Sensors that existed when the run was due time out first.
    begun = scheduled_time(run)
    ends = [
        known_deadline(entries[wait.team].wait_timeout_seconds or None, wait.producer, run, begun)
        for wait in waits
    ]
    behind = (team for team in reached if team not in direct)
    return HeldUp((*direct, *behind), min(filter(None, ends), default=None))


def _assets_below(spec: DagSpec, task_id: str) -> list[str]:
    """The assets of a task and its downstream tasks, by their names in the registry."""
    below: dict[str, list[str]] = defaultdict(list)
    steps: tuple[Task | Sensor, ...] = (*spec.tasks, *spec.sensors)
    for each in steps:
        for parent in each.upstream:
            below[parent].append(each.task_id)
    found, stack = {task_id}, [task_id]
    while stack:
        more = set(below[stack.pop()]) - found
        found |= more
        stack += more
    return _names(name for task in spec.tasks if task.task_id in found for name in task.assets)


def _names(assets: Iterable[str]) -> list[str]:
    return sorted({name.partition(".")[2] for name in assets})
