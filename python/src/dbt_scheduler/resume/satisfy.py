"""Marks sensors as satisfied, in the order that Airflow's races allow.

A sensor that has not failed can be marked at once. One that has failed must not while the scheduler may still be
passing the failure on: only when its run is over, or when all that the failure reaches has been told. Several of
one run are marked in one transaction, and never two at a time by us: two that clear the same task undo each other.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from dbt_scheduler.airflow_api.client import AirflowApi, RunFilter, RunKey, TaskInstance
from dbt_scheduler.airflow_api.http import AirflowApiError, AirflowForbiddenError
from dbt_scheduler.resume.repair import TERMINAL, FailureGraph, read_task_states, repair_runs
from dbt_scheduler.resume.resumed import SATISFIED_BY, find_resumed

_LOOK_AGAIN_SECONDS = 0.5
_SETTLE_SECONDS = 1.0
_RESERVE_SECONDS = 1.5
_OK, _NOT_FOUND = 200, 404
_BROKEN = ("failed", "upstream_failed")

UNSATISFIED = (
    None,
    "scheduled",
    "queued",
    "running",
    "deferred",
    "up_for_reschedule",
    "up_for_retry",
    "restarting",
    "failed",
    "upstream_failed",
)
"""The states of sensors that may still be waiting, or have given up; no data changes the other ones."""


class Outcome(msgspec.Struct, frozen=True):
    """Sensors that are satisfied now, those that could not be, runs repaired, and a sensor of each that goes on.

    Each sensor is as it was before. ``problem`` is what Airflow refused or did not answer; without one, what is
    left lacked time only.
    """

    satisfied: tuple[TaskInstance, ...] = ()
    left: tuple[TaskInstance, ...] = ()
    repaired: tuple[RunKey, ...] = ()
    resumed: tuple[TaskInstance, ...] = ()
    problem: str = ""


def satisfy(api: AirflowApi, notes: Mapping[TaskInstance, str], *, patience_seconds: float = 60) -> Outcome:
    """Mark sensors as satisfied, each with its note, and see to it that their runs go on.

    Ends when its patience or the budget of ``api`` does: a paused DAG's run may never settle. Never raises for what
    Airflow answers: what was done counts, whatever came after it. A sensor or run that is gone meanwhile is nobody's
    problem.
    """
    marking = _Marking(api, {each.id_: note for each, note in notes.items()})
    before = {each.id_: each for each in notes}
    end = time.monotonic() + min(patience_seconds, api.seconds_left - _RESERVE_SECONDS)
    waiting = _by_run(sorted(before.values(), key=_urgency))
    failed = {key for key, group in waiting.items() if any(each.state in _BROKEN for each in group)}
    repaired: list[RunKey] = []
    resumed: list[TaskInstance] = []
    try:
        while True:
            for key in list(waiting):
                if time.monotonic() > end:
                    break
                if not (again := marking.mark(key, waiting[key])):
                    del waiting[key]
                else:
                    waiting[key] = again
            if not waiting or time.monotonic() > end:
                break
            api.pause(_LOOK_AGAIN_SECONDS)
            waiting = _read_again(api, waiting, marking.done)
        repaired = _repair(api, failed - waiting.keys() - marking.refused.keys())
        resumed = find_resumed(api, [before[each.id_] for each in marking.done])
    except AirflowApiError as error:
        marking.problem = marking.problem or str(error)
    done = {each.id_ for each in marking.done}
    left = [
        each
        for group in (*waiting.values(), *marking.refused.values())
        for each in group
        if each.id_ not in done
    ]
    return Outcome(
        tuple(before[id_] for id_ in dict.fromkeys(each.id_ for each in marking.done)),
        tuple(before[each.id_] for each in left),
        tuple(repaired),
        tuple(resumed),
        marking.problem,
    )


def _urgency(sensor: TaskInstance) -> tuple[bool, datetime]:
    """Those that have given up come first, then those that have waited longest."""
    return sensor.state not in _BROKEN, sensor.run_after


def satisfied_note(dag_id: str, run_id: str) -> str:
    """What a sensor says of why it is a success."""
    return f"{SATISFIED_BY}{dag_id} {run_id}"


class _Marking:
    """What is remembered between two looks."""

    def __init__(self, api: AirflowApi, notes: Mapping[tuple[str, str, str], str]) -> None:
        self.done: list[TaskInstance] = []
        self.refused: dict[RunKey, Sequence[TaskInstance]] = {}
        self.problem = ""
        self._api = api
        self._notes = notes
        self._graphs: dict[str, FailureGraph] = {}
        self._one_by_one: set[RunKey] = set()

    def mark(self, key: RunKey, group: Sequence[TaskInstance]) -> list[TaskInstance]:
        """Mark what can be marked of one run now; what has to be looked at again: nothing that Airflow forbids."""
        try:
            return self._mark(key, group)
        except AirflowForbiddenError as error:
            self.refused[key] = group
            self.problem = str(error)
            return []

    def _mark(self, key: RunKey, group: Sequence[TaskInstance]) -> list[TaskInstance]:
        broken = [each for each in group if each.state in _BROKEN]
        ready = [each for each in group if each.state not in _BROKEN]
        later: list[TaskInstance] = []
        if broken:
            settled, later = self._settled(key, broken)
            ready += settled
        if len(ready) > 1 and key not in self._one_by_one:
            if self._together(ready):
                self.done += ready
                return later
            self._one_by_one.add(key)
            return [*later, *ready]
        return [*later, *(each for each in ready if not self._alone(each))]

    def _settled(
        self, key: RunKey, broken: Sequence[TaskInstance]
    ) -> tuple[list[TaskInstance], list[TaskInstance]]:
        """Those that can be marked now, and those that later; none of those that cannot be helped."""
        run = self._api.run(*key)
        if run is None:
            return [], []
        if key.dag_id not in self._graphs:
            self._graphs[key.dag_id] = FailureGraph(self._api.tasks(key.dag_id))
        graph, states = self._graphs[key.dag_id], read_task_states(self._api, [key])[key]
        # Below another failed task it could not start: it looks for itself when that one is repaired.
        explained = graph.reached_from(name for name, state in states.items() if state == "failed")
        helpable = [each for each in broken if each.state == "failed" or each.task_id not in explained]
        now: list[TaskInstance] = []
        later: list[TaskInstance] = []
        for each in helpable:
            is_propagated = all(states.get(name) in TERMINAL for name in graph.reached_from([each.task_id]))
            (now if run.over or is_propagated else later).append(each)
        return now, later

    def _together(self, sensors: Sequence[TaskInstance]) -> bool:
        try:
            return self._api.mark_success_together([(each, self._notes[each.id_]) for each in sensors])
        except AirflowForbiddenError:
            raise
        except AirflowApiError:
            return False  # what became of it shows when they are read again

    def _alone(self, sensor: TaskInstance) -> bool:
        """Whether there is nothing more to do for this one."""
        try:
            status = self._api.mark_success(sensor, self._notes[sensor.id_])
        except AirflowForbiddenError:
            raise
        except AirflowApiError:
            return False
        if status == _OK:
            self.done.append(sensor)
        return status in (_OK, _NOT_FOUND)


def _by_run(sensors: Iterable[TaskInstance]) -> dict[RunKey, list[TaskInstance]]:
    groups: dict[RunKey, list[TaskInstance]] = defaultdict(list)
    for each in sensors:
        groups[each.run_key].append(each)
    return dict(groups)


def _read_again(
    api: AirflowApi, waiting: dict[RunKey, list[TaskInstance]], done: list[TaskInstance]
) -> dict[RunKey, list[TaskInstance]]:
    """The same sensors as they are now, without those that need nothing any more."""
    wanted = {each.id_ for group in waiting.values() for each in group}
    where = RunFilter(
        dag_ids=sorted({each[0] for each in wanted}),
        run_ids=sorted({each[1] for each in wanted}),
        task_ids=sorted({each[2] for each in wanted}),
    )
    now = [each for each in api.task_instances(where) if each.id_ in wanted]
    done += [each for each in now if each.state == "success"]
    return _by_run(each for each in now if each.state in UNSATISFIED)


def _repair(api: AirflowApi, keys: Iterable[RunKey]) -> list[RunKey]:
    """Repair what the marking may have left half done, if there is time for it."""
    keys = list(keys)
    if not keys or api.seconds_left < _SETTLE_SECONDS + _RESERVE_SECONDS:
        return []
    api.pause(_SETTLE_SECONDS)
    return repair_runs(api, filter(None, (api.run(*key) for key in keys)))
