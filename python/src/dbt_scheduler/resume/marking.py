"""Marks sensors as success, several per request where Airflow allows it, and remembers which it rejects.

A sensor that has not failed can be marked at once. A failed sensor must not be marked while the scheduler may still
propagate its failure: only when its run has finished, or the failure has reached every downstream task. The sensors of
a request are marked in one transaction, and requests follow one another: concurrent ones that clear the same task undo
each other. A task group of sensors is marked as a whole, which costs Airflow no more than a single sensor.
"""

from collections.abc import Iterable, Mapping, Sequence

from dbt_scheduler.airflow_api.answers import RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError, AirflowForbiddenError
from dbt_scheduler.resume.repair import BROKEN, FailureGraph, read_task_states
from dbt_scheduler.resume.runs import runs_of
from dbt_scheduler.resume.sensor_groups import GroupOfRun, find_whole_groups
from dbt_scheduler.waits.decision import OVER

Groups = dict[RunKey, list[TaskInstance]]

_OK, _NOT_FOUND = 200, 404
_UNKNOWN = (404, 405)
"""The responses of Airflow versions without task groups in the API."""


class Marking:
    """The state kept between two passes.

    ``done`` are marked, ``refused`` those that the login is not allowed to mark; ``problem`` is Airflow's reason, or
    empty.
    """

    def __init__(self, api: AirflowApi, notes: Mapping[tuple[str, str, str], str]) -> None:
        self.done: list[TaskInstance] = []
        self.refused: Groups = {}
        self.problem = ""
        self._api = api
        self._notes = notes
        self._graphs: dict[str, FailureGraph] = {}
        self._groups_as_such = True
        self._runs_together = True
        self._apart: set[RunKey] = set()
        self._one_by_one: set[RunKey] = set()

    def mark(self, batch: Groups) -> Groups:
        """Mark the sensors of these runs that can be marked; returns those to check again."""
        ready, later = self._settled(batch)
        ready = self._without_groups(ready)
        together = {key: ready[key] for key in ready if key not in self._apart} if self._runs_together else {}
        if len(together) > 1 and (unmarked := self._mark_runs(together)) is not None:
            _add(later, unmarked)
            ready = {key: group for key, group in ready.items() if key not in together}
        for key, group in ready.items():
            try:
                _add(later, {key: self._mark_run(key, group)})
            except AirflowForbiddenError as error:
                self.refused[key] = [*group, *later.pop(key, ())]
                self.problem = str(error)
        return later

    def _without_groups(self, ready: Groups) -> Groups:
        """The remaining sensors after marking whole groups."""
        whole = find_whole_groups(self._api, ready) if self._groups_as_such else {}
        marked = {
            each.id_
            for group, sensors in whole.items()
            if self._mark_group(group, sensors)
            for each in sensors
        }
        left = {key: [each for each in ready[key] if each.id_ not in marked] for key in ready}
        return {key: group for key, group in left.items() if group}

    def _mark_group(self, group: GroupOfRun, sensors: list[TaskInstance]) -> bool:
        """Whether the group was marked; if not, its sensors may or may not be."""
        if not self._groups_as_such:
            return False
        note = "\n".join(dict.fromkeys(self._notes[each.id_] for each in sensors))
        try:
            status = self._api.mark_group_success(group.run, group.group_id, note)
        except AirflowApiError:
            return False
        self._groups_as_such = status not in _UNKNOWN
        if status == _OK:
            self.done += sensors
        return status == _OK

    def _settled(self, batch: Groups) -> tuple[Groups, Groups]:
        """The sensors that can be marked now, and those that can be marked later; others cannot be helped."""
        ready = {key: [each for each in batch[key] if each.state not in BROKEN] for key in batch}
        later: Groups = {}
        broken = [each for group in batch.values() for each in group if each.state in BROKEN]
        if broken:
            runs = runs_of(self._api, broken)
            over = [key for key, run in runs.items() if run.over]
            states = read_task_states(self._api, over, ["failed"])
            states |= read_task_states(self._api, [*(runs.keys() - over)])
            for each in self._helpable(broken, states):
                is_settled = each.run_key in over or self._is_propagated(each, states[each.run_key])
                _add(ready if is_settled else later, {each.run_key: [each]})
        return {key: group for key, group in ready.items() if group}, later

    def _helpable(
        self, broken: Sequence[TaskInstance], states: Mapping[RunKey, Mapping[str, str | None]]
    ) -> list[TaskInstance]:
        """The sensors that failed themselves, and the ``upstream_failed`` ones without a failed task upstream.

        A sensor downstream of a failed task is left out: it starts once that task is repaired.
        """
        explained = {
            key: self._graph(key.dag_id).reached_from(
                name for name, state in found.items() if state == "failed"
            )
            for key, found in states.items()
        }
        there = [each for each in broken if each.run_key in states]
        return [
            each for each in there if each.state == "failed" or each.task_id not in explained[each.run_key]
        ]

    def _is_propagated(self, sensor: TaskInstance, states: Mapping[str, str | None]) -> bool:
        reached = self._graph(sensor.dag_id).reached_from([sensor.task_id])
        return all(states.get(name) in OVER for name in reached)

    def _graph(self, dag_id: str) -> FailureGraph:
        if dag_id not in self._graphs:
            self._graphs[dag_id] = FailureGraph(self._api.tasks(dag_id))
        return self._graphs[dag_id]

    def _mark_runs(self, groups: Groups) -> Groups | None:
        """Mark sensors of several runs together; returns the unmarked ones, or None if Airflow does not allow it."""
        try:
            left = self._together([each for group in groups.values() for each in group])
        except AirflowForbiddenError:  # permissions on single DAGs
            left = None
        if left is None:
            self._runs_together = False
            return None
        unmarked = by_run(left)
        self._apart |= unmarked.keys()
        return unmarked

    def _mark_run(self, key: RunKey, group: list[TaskInstance]) -> list[TaskInstance]:
        if len(group) == 1 or key in self._one_by_one:
            return [each for each in group if not self._alone(each)]
        left = self._together(group)
        if left is None or left:
            self._one_by_one.add(key)
        return group if left is None else left

    def _together(self, sensors: list[TaskInstance]) -> list[TaskInstance] | None:
        """Mark these in one transaction; returns the unmarked ones, or None if Airflow does not support it."""
        try:
            marked = self._api.mark_success_together([(each, self._notes[each.id_]) for each in sensors])
        except AirflowForbiddenError:
            raise
        except AirflowApiError:
            return sensors  # their state is checked when they are read again
        if marked is None:
            return None
        self.done += [each for each in sensors if each.id_ in marked]
        return [each for each in sensors if each.id_ not in marked]

    def _alone(self, sensor: TaskInstance) -> bool:
        """Whether this sensor needs no further action."""
        try:
            status = self._api.mark_success(sensor, self._notes[sensor.id_])
        except AirflowForbiddenError:
            raise
        except AirflowApiError:
            return False
        if status == _OK:
            self.done.append(sensor)
        return status in (_OK, _NOT_FOUND)


def by_run(sensors: Iterable[TaskInstance]) -> Groups:
    """Group sensors by run, keeping their order."""
    groups: Groups = {}
    for each in sensors:
        groups.setdefault(each.run_key, []).append(each)
    return groups


def _add(groups: Groups, more: Groups) -> None:
    for key, group in more.items():
        if group:
            groups.setdefault(key, []).extend(group)
