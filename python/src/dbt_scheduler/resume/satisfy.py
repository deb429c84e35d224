"""Satisfies sensors in bounded batches, most urgent first, and resumes their runs."""

import time
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

import msgspec

from dbt_scheduler.airflow_api.answers import RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.resume.marking import Groups, Marking, by_run
from dbt_scheduler.resume.repair import BROKEN, repair_runs
from dbt_scheduler.resume.resumed import SATISFIED_BY, find_resumed
from dbt_scheduler.resume.runs import runs_of
from dbt_scheduler.resume.waiting_sensors import UNSATISFIED

_LOOK_AGAIN_SECONDS = 0.5
_SETTLE_SECONDS = 1.0
_RESERVE_SECONDS = 1.5
_TOGETHER = 50
"""The maximum number of sensors per request, which takes Airflow a second or two; all sensors of one run are included."""


class Outcome(msgspec.Struct, frozen=True):
    """The satisfied sensors, the remaining ones, the repaired runs, and one sensor for each resumed run.

    Sensors are in their earlier state. ``problem`` is an error of Airflow; without one, ``left`` is what time ran out
    for.
    """

    satisfied: tuple[TaskInstance, ...] = ()
    left: tuple[TaskInstance, ...] = ()
    repaired: tuple[RunKey, ...] = ()
    resumed: tuple[TaskInstance, ...] = ()
    problem: str = ""


def satisfy(api: AirflowApi, notes: Mapping[TaskInstance, str], *, patience_seconds: float = 60) -> Outcome:
    """Mark sensors as satisfied, each with its note, and make sure that their runs resume.

    Ends when ``patience_seconds`` or the budget of ``api`` are used up: a paused DAG's run may never settle. Never
    raises for Airflow's responses, so that completed work is reported. Deleted sensors and runs are ignored.
    """
    marking = Marking(api, {each.id_: note for each, note in notes.items()})
    before = {each.id_: each for each in notes}
    end = time.monotonic() + min(patience_seconds, api.seconds_left - _RESERVE_SECONDS)
    waiting = by_run(sorted(before.values(), key=_urgency))
    repaired: list[RunKey] = []
    resumed: list[TaskInstance] = []
    try:
        while True:
            for batch in list(_batches(waiting)):
                if time.monotonic() > end:
                    break
                again = marking.mark(batch)
                for key in batch:
                    del waiting[key]
                waiting |= again
            if not waiting or time.monotonic() > end:
                break
            api.pause(_LOOK_AGAIN_SECONDS)
            waiting = _read_again(api, waiting, marking.done)
        done = [before[each.id_] for each in marking.done if each.run_key not in waiting]
        repaired = _repair(api, [each for each in done if each.state in BROKEN])
        resumed = find_resumed(api, [before[each.id_] for each in marking.done])
    except AirflowApiError as error:
        marking.problem = marking.problem or str(error)
    satisfied = dict.fromkeys(each.id_ for each in marking.done)
    left = dict.fromkeys(
        each.id_ for group in (*waiting.values(), *marking.refused.values()) for each in group
    )
    return Outcome(
        tuple(before[id_] for id_ in satisfied),
        tuple(before[id_] for id_ in left if id_ not in satisfied),
        tuple(repaired),
        tuple(resumed),
        marking.problem,
    )


def _urgency(sensor: TaskInstance) -> tuple[bool, datetime]:
    """Failed sensors first, then those that have waited longest."""
    return sensor.state not in BROKEN, sensor.run_after


def satisfied_note(dag_id: str, run_id: str) -> str:
    """The note of a satisfied sensor."""
    return f"{SATISFIED_BY}{dag_id} {run_id}"


def _batches(waiting: Groups) -> Iterator[Groups]:
    """Whole runs in order, up to the maximum per request."""
    batch: Groups = {}
    for key, group in waiting.items():
        if batch and sum(map(len, batch.values())) + len(group) > _TOGETHER:
            yield batch
            batch = {}
        batch[key] = group
    if batch:
        yield batch


def _read_again(api: AirflowApi, waiting: Groups, done: list[TaskInstance]) -> Groups:
    """The current state of these sensors, without those that need no further action."""
    wanted = {each.id_ for group in waiting.values() for each in group}
    now = [each for each in api.task_instances(RunFilter.of_tasks(wanted)) if each.id_ in wanted]
    done += [each for each in now if each.state == "success"]
    return by_run(sorted((each for each in now if each.state in UNSATISFIED), key=_urgency))


def _repair(api: AirflowApi, sensors: Collection[TaskInstance]) -> list[RunKey]:
    """Repair the runs of these sensors, which had failed, if there is time left."""
    if not sensors or api.seconds_left < _SETTLE_SECONDS + _RESERVE_SECONDS:
        return []
    api.pause(_SETTLE_SECONDS)
    return repair_runs(api, runs_of(api, sensors).values())
