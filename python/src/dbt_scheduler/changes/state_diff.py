"""Compares two compiled states of a team: DAGs, tasks, and dependencies on other teams."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from dbt_scheduler.changes.details import dag_changes, sensor_changes, task_changes
from dbt_scheduler.output import TeamOutput
from dbt_scheduler.registry.entry import Entry, dag_id
from dbt_scheduler.spec import DagSpec

_GLOBAL = "global_dependency"


class Sign(StrEnum):
    """Added, removed or changed."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Item(msgspec.Struct, frozen=True):
    """A task, sensor or global dependency of a DAG, and its differences."""

    sign: Sign
    name: str
    changes: tuple[str, ...] = ()


class DagDiff(msgspec.Struct, frozen=True):
    """A changed DAG; ``changes`` are its own, ``items`` those of its contents."""

    sign: Sign
    dag_id: str
    changes: tuple[str, ...]
    items: tuple[Item, ...]


class Count(msgspec.Struct, frozen=True):
    """The numbers of added and removed items."""

    added: int
    removed: int


class StateDiff(msgspec.Struct, frozen=True):
    """All differences, by DAG; a task counts once per DAG."""

    dags: Count
    tasks: Count
    global_dependencies: Count
    changed: tuple[DagDiff, ...]


def compare_states(team: str, base: TeamOutput, head: TeamOutput) -> StateDiff:
    """The differences, sorted by name; edges of hooks are left out, because they follow from the others."""
    before, after = _global_dependencies(team, base.entry), _global_dependencies(team, head.entry)
    diffs, tasks, dependencies = [], [], []
    for id_ in sorted(base.specs.keys() | head.specs.keys()):
        was, now = base.specs.get(id_), head.specs.get(id_)
        own = [*_tasks(was, now)]
        others = [*_dependencies(before.get(id_, {}), after.get(id_, {}))]
        items = sorted([*own, *others, *_sensors(team, was, now)], key=lambda item: (item.name, item.sign))
        changes = tuple(dag_changes(was, now)) if was and now else ()
        tasks += own
        dependencies += others
        if changes or items or not (was and now):
            diffs.append(DagDiff(_sign(was, now), id_, changes, tuple(items)))
    return StateDiff(
        _count(diff.sign for diff in diffs),
        _count(item.sign for item in tasks),
        _count(item.sign for item in dependencies),
        tuple(diffs),
    )


def _tasks(was: DagSpec | None, now: DagSpec | None) -> Iterator[Item]:
    before = {task.task_id: task for task in was.tasks} if was else {}
    after = {task.task_id: task for task in now.tasks} if now else {}
    for id_ in before.keys() | after.keys():
        old, new = before.get(id_), after.get(id_)
        if old and new:
            if changes := tuple(task_changes(old, new)):
                yield Item(Sign.CHANGED, id_, changes)
        else:
            yield Item(_sign(old, new), id_)


def _sensors(team: str, was: DagSpec | None, now: DagSpec | None) -> Iterator[Item]:
    """Sensors with a changed target, and added or removed waits for the team's own other DAGs.

    Waits for other teams are listed as global dependencies.
    """
    before, after = (
        {sensor.task_id: sensor for sensor in spec.sensors} if spec else {} for spec in (was, now)
    )
    for id_ in before.keys() | after.keys():
        old, new = before.get(id_), after.get(id_)
        if old and new:
            if changes := tuple(sensor_changes(old, new)):
                yield Item(Sign.CHANGED, id_, changes)
        elif any(sensor.team == team for sensor in (old, new) if sensor):
            yield Item(_sign(old, new), id_)


Dependencies = dict[str, str]
"""The other teams' assets that a DAG reads, with the dependency kind: ``hard``, or ``hard and soft`` for several tasks.
"""


def _dependencies(before: Dependencies, after: Dependencies) -> Iterator[Item]:
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old and new:
            if old != new:
                yield Item(Sign.CHANGED, name, (f"{old} → {new}",))
        else:
            how = old or new
            yield Item(_sign(old, new), name, () if how == "hard" or how is None else (how,))


def _global_dependencies(team: str, entry: Entry) -> dict[str, Dependencies]:
    """The dependencies on other teams, by dag_id."""
    kinds: dict[str, dict[tuple[str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    for producer, assets in entry.consumed.items():
        for asset, tasks in assets.items() if producer != team else ():
            for task in tasks:
                kinds[dag_id(entry.dag_prefix, task.pipeline)][producer, asset].add(task.dependency)
    return {
        dag: {
            _name(producer, asset, found): " and ".join(sorted(how))
            for (producer, asset), how in found.items()
        }
        for dag, found in kinds.items()
    }


def _name(producer: str, asset: str, all_: Iterable[tuple[str, str]]) -> str:
    alone = sum(other == asset for _, other in all_) == 1
    return f"{_GLOBAL}.{asset if alone else f'{producer}__{asset}'}"


def _sign(was: object, now: object) -> Sign:
    return Sign.CHANGED if was and now else Sign.ADDED if now else Sign.REMOVED


def _count(signs: Iterable[Sign]) -> Count:
    found = [*signs]
    return Count(found.count(Sign.ADDED), found.count(Sign.REMOVED))
