"""What is different about a DAG or a task that was there before, each difference in a few words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dbt_scheduler.schedule.durations import format_duration
from dbt_scheduler.spec import DagSpec, Schedule, Sensor, Task

_HOOKS = ("on_run_start.", "on_run_end.")
# Two checkouts of one project lie in two places; that is no change of the project.
_PLACES = {"cwd"}


def dag_changes(was: DagSpec, now: DagSpec) -> Iterator[str]:
    """Its schedule and how many runs there are of it; where its alerts go."""
    return _differences(_OF_DAGS, was, now)


def task_changes(was: Task, now: Task) -> Iterator[str]:
    """Its time and tries, what it runs and makes, whom it alerts, and what it runs after."""
    yield from _differences(_OF_TASKS, was, now)
    keys = sorted((was.arguments.keys() | now.arguments.keys()) - _PLACES)
    differing = [key for key in keys if was.arguments.get(key) != now.arguments.get(key)]
    if differing and was.kind == now.kind:
        yield f"runs otherwise: {', '.join(differing)}"
    if not now.task_id.startswith(_HOOKS):
        yield from _edges(was.upstream, now.upstream)


def sensor_changes(was: Sensor, now: Sensor) -> Iterator[str]:
    """Which task it waits for, and how long."""
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
    """Without those from the hooks of a run, which follow from the others."""
    before, after = ({each for each in parents if not each.startswith(_HOOKS)} for parents in (was, now))
    if new := sorted(after - before):
        yield f"now also after {', '.join(new)}"
    if gone := sorted(before - after):
        yield f"no longer after {', '.join(gone)}"


def _schedule(schedule: Schedule) -> str:
    grain = f", grain {schedule.grain}" if schedule.grain else ""
    return f'"{schedule.cron}" {schedule.timezone}{grain} from {schedule.start_date}'


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _channel(channel: str | None) -> str:
    return channel or "no channel"


def _slo(seconds: int | None) -> str:
    return "none" if seconds is None else format_duration(seconds)


def _class(path: str) -> str:
    return path.rpartition(".")[2]


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"


_Fields = Mapping[str, tuple[str, Callable[[Any], str]]]
"""By field its words in a report, and how its value is shown."""

_OF_DAGS: _Fields = {
    "schedule": ("schedule", _schedule),
    "catchup": ("catchup", _switch),
    "max_active_runs": ("max_active_runs", str),
    "channel": ("alerts go to", _channel),
}
_OF_TASKS: _Fields = {
    "kind": ("kind", str),
    "operator": ("operator", _class),
    "assets": ("makes", _listed),
    "timeout_seconds": ("timeout", format_duration),
    "retries": ("retries", str),
    "retry_delay_seconds": ("retry delay", format_duration),
    "pool": ("pool", str),
    "owners": ("owners", _listed),
}
_OF_PRODUCERS: _Fields = {
    "slo_seconds": ("SLO of the producer", _slo),
}
_OF_SENSORS: _Fields = {
    "wait_timeout_seconds": ("wait timeout", format_duration),
}
