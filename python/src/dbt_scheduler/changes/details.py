"""What is different about a DAG or a task that was there before, each difference in a few words."""

from collections.abc import Iterable, Iterator

from dbt_scheduler.durations import duration
from dbt_scheduler.spec import DagSpec, Schedule, Task

_HOOKS = ("on_run_start.", "on_run_end.")
# Two checkouts of one project lie in two places; that is no change of the project.
_PLACES = {"cwd"}


def dag_changes(was: DagSpec, now: DagSpec) -> Iterator[str]:
    """Schedule, and how many runs there are of it; where its alerts go."""
    if was.schedule != now.schedule:
        yield f"schedule {_schedule(was.schedule)} → {_schedule(now.schedule)}"
    if was.catchup != now.catchup:
        yield f"catchup {_on(was.catchup)} → {_on(now.catchup)}"
    if was.max_active_runs != now.max_active_runs:
        yield f"max_active_runs {was.max_active_runs} → {now.max_active_runs}"
    if was.channel != now.channel:
        yield f"alerts go to {was.channel or 'no channel'} → {now.channel or 'no channel'}"


def task_changes(was: Task, now: Task) -> Iterator[str]:
    """Time and tries, what it runs, and what it runs after."""
    if was.timeout_seconds != now.timeout_seconds:
        yield f"timeout {duration(was.timeout_seconds)} → {duration(now.timeout_seconds)}"
    if was.retries != now.retries:
        yield f"retries {was.retries} → {now.retries}"
    if was.retry_delay_seconds != now.retry_delay_seconds:
        yield f"retry delay {duration(was.retry_delay_seconds)} → {duration(now.retry_delay_seconds)}"
    if was.pool != now.pool:
        yield f"pool {was.pool} → {now.pool}"
    if was.kind != now.kind:
        yield f"kind {was.kind} → {now.kind}"
    elif differing := _differing(was, now):
        yield f"runs otherwise: {', '.join(differing)}"
    if was.owners != now.owners:
        yield f"owners {_listed(was.owners)} → {_listed(now.owners)}"
    if was.assets != now.assets:
        yield f"makes {_listed(was.assets)} → {_listed(now.assets)}"
    yield from _edges(was, now)


def _edges(was: Task, now: Task) -> Iterator[str]:
    """Without those to and from the hooks of a run, which follow from the others."""
    if now.task_id.startswith(_HOOKS):
        return
    before, after = ({each for each in task.upstream if not each.startswith(_HOOKS)} for task in (was, now))
    if new := sorted(after - before):
        yield f"now also after {', '.join(new)}"
    if gone := sorted(before - after):
        yield f"no longer after {', '.join(gone)}"


def _differing(was: Task, now: Task) -> list[str]:
    keys = sorted((was.arguments.keys() | now.arguments.keys()) - _PLACES)
    found = [key for key in keys if was.arguments.get(key) != now.arguments.get(key)]
    return [*(["operator"] if was.operator != now.operator else []), *found]


def _schedule(schedule: Schedule) -> str:
    grain = f", grain {schedule.grain}" if schedule.grain else ""
    return f'"{schedule.cron}" {schedule.timezone}{grain} from {schedule.start_date}'


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "nobody"


def _on(flag: bool) -> str:
    return "on" if flag else "off"
