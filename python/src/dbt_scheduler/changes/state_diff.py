"""What differs between two compiled states of a team: DAGs, tasks, and dependencies on other teams."""

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
    """Whether something is new, gone, or otherwise than before."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Item(msgspec.Struct, frozen=True):
    """A task, sensor or global dependency of a DAG, and what is different about it."""

    sign: Sign
    name: str
    changes: tuple[str, ...] = ()


class DagDiff(msgspec.Struct, frozen=True):
    """A DAG that is not as before; ``changes`` are of the DAG itself, ``items`` of what is in it."""

    sign: Sign
    dag_id: str
    changes: tuple[str, ...]
    items: tuple[Item, ...]


class Count(msgspec.Struct, frozen=True):
    """How many there are more, and how many less."""

    added: int
    removed: int


class StateDiff(msgspec.Struct, frozen=True):
    """Everything that differs, by DAG; a task counts once for each DAG that it is in."""

    dags: Count
    tasks: Count
    global_dependencies: Count
    changed: tuple[DagDiff, ...]


def compare_states(team: str, base: TeamOutput, head: TeamOutput) -> StateDiff:
    """The differences, in the order of their names; edges to the hooks of a run follow from all others."""
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
    """Sensors whose target changes, and new or removed waits for the team's own other DAGs.

    Those for other teams show as global dependencies.
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
"""The other teams' assets that a DAG reads, each with how: ``hard``, or ``hard and soft`` by several tasks."""


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
    """By DAG."""
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
