"""Describes the differences between two versions of a DAG or task, each in a few words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import UNSET

from dbt_scheduler.schedule.durations import format_duration
from dbt_scheduler.spec import ON_RUN_END, ON_RUN_START, DagSpec, Schedule, Sensor, Task

_HOOKS = (f"{ON_RUN_START}.", f"{ON_RUN_END}.")
# Checkouts of the same project may be in different folders, and the results that on-run-end hooks get follow from the
# hooks.
_OF_NO_INTEREST = {"cwd", "keep_results", "results_of"}


def dag_changes(was: DagSpec, now: DagSpec) -> Iterator[str]:
    """Differences in schedule, catchup, number of active runs, and the channel of alerts."""
    return _differences(_OF_DAGS, was, now)


def task_changes(was: Task, now: Task) -> Iterator[str]:
    """Differences in how a task runs, its assets, owners, tests and upstream tasks."""
    yield from _differences(_OF_TASKS, was, now)
    keys = sorted((was.arguments.keys() | now.arguments.keys()) - _OF_NO_INTEREST)
    differing = [key for key in keys if was.arguments.get(key) != now.arguments.get(key)]
    tests = [*_tests(was, now)]
    yield from tests
    if tests:
        differing.remove("command")
    if differing and was.kind == now.kind:
        yield f"changed: {', '.join(differing)}"
    if not now.task_id.startswith(_HOOKS):
        yield from _edges(was.upstream, now.upstream)


def sensor_changes(was: Sensor, now: Sensor) -> Iterator[str]:
    """Differences in the producer, its SLO and the wait timeout."""
    before, after = ((each.producer.dag_id, each.producer.task_id) for each in (was, now))
    if before != after:
        yield f"waits for {' '.join(before)} → {' '.join(after)}"
    yield from _differences(_OF_PRODUCERS, was.producer, now.producer)
    yield from _differences(_OF_SENSORS, was, now)


def _differences(fields: "_Fields", was: object, now: object) -> Iterator[str]:
    for name, (words, shown) in fields.items():
        before, after = getattr(was, name), getattr(now, name)
        if before != after:
            yield f"{words} {shown(before)} → {shown(after)}"


def _edges(was: Iterable[str], now: Iterable[str]) -> Iterator[str]:
    """Differences in upstream tasks, without hooks: edges from these follow from the others."""
    before, after = ({each for each in parents if not each.startswith(_HOOKS)} for parents in (was, now))
    if new := sorted(after - before):
        yield f"now also downstream of {', '.join(new)}"
    if gone := sorted(before - after):
        yield f"no longer downstream of {', '.join(gone)}"


def _tests(was: Task, now: Task) -> Iterator[str]:
    """The dbt tests added to and removed from a task, if nothing else in its command changed."""
    if not was.kind == now.kind == "dbt":
        return
    (before, same), (after, rest) = (_split(each.arguments.get("command")) for each in (was, now))
    if same != rest:
        return
    if new := [name for name in after if name not in before]:
        yield f"now also tested by {', '.join(new)}"
    if gone := [name for name in before if name not in after]:
        yield f"no longer tested by {', '.join(gone)}"


def _split(command: object) -> tuple[list[str], list[str]]:
    """The names of the tests that a dbt command selects, and the rest of the command."""
    words = [*command] if isinstance(command, list | tuple) else []
    if "--select" not in words:
        return [], words
    start = words.index("--select") + (2 if "build" in words[:2] else 1)  # a node is listed before its tests
    end = next((i for i, word in enumerate(words) if i >= start and word.startswith("--")), len(words))
    return [_test_name(selector) for selector in words[start:end]], words[:start] + words[end:]


def _test_name(selector: str) -> str:
    """``unique_id`` for ``fqn:shop.marts.unique_id,path:models/a.yml``."""
    return selector.partition(",")[0].rpartition(".")[2]


def _schedule(schedule: Schedule) -> str:
    grain = f", grain {schedule.grain}" if schedule.grain else ""
    return f'"{schedule.cron}" {schedule.timezone}{grain} from {schedule.start_date}'


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _channel(channel: str | None) -> str:
    return channel or "no channel"


def _slo(seconds: int | None) -> str:
    return "none" if seconds is None else format_duration(seconds)


def _or(value: Any, otherwise: str, shown: Callable[[Any], str]) -> str:  # noqa: ANN401 - any field
    return otherwise if value is UNSET else shown(value)


def _class(path: str) -> str:
    return path.rpartition(".")[2]


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"


_Fields = Mapping[str, tuple[str, Callable[[Any], str]]]
"""For each field its description, and the function that formats its value."""

_OF_DAGS: _Fields = {
    "schedule": ("schedule", _schedule),
    "catchup": ("catchup", _switch),
    "max_active_runs": ("max_active_runs", str),
    "channel": ("alerts are sent to", _channel),
}
_OF_TASKS: _Fields = {
    "kind": ("kind", str),
    "operator": ("operator", _class),
    "assets": ("assets", _listed),
    "timeout_seconds": ("timeout", format_duration),
    "retries": ("retries", str),
    "retry_delay_seconds": ("retry delay", format_duration),
    "max_retry_delay_seconds": ("maximum retry delay", lambda value: _or(value, "none", format_duration)),
    "pool": ("pool", str),
    "queue": ("queue", lambda value: _or(value, "default", str)),
    "priority": ("priority", lambda value: _or(value, "default", str)),
    "owners": ("owners", _listed),
}
_OF_PRODUCERS: _Fields = {
    "slo_seconds": ("SLO of the producer", _slo),
}
_OF_SENSORS: _Fields = {
    "wait_timeout_seconds": ("wait timeout", format_duration),
}
