"""Fetches the runs of the registry's DAGs from Airflow with few list requests, independent of the number of DAGs."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Self

import msgspec
from msgspec.structs import replace

from dbt_scheduler.airflow_api.answers import Run, RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowForbiddenError
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.schedule import cadence_seconds
from dbt_scheduler.schedule.text import format_utc
from dbt_scheduler.site.dags import RegisteredDag
from dbt_scheduler.site.history import SHORT, DagRuns
from dbt_scheduler.site.in_time import InTime, Listed
from dbt_scheduler.waits.decision import SUCCESS

MOST_RUNS = 30
"""The newest runs kept per DAG: an hourly DAG has more than a page can show."""

WAITING = ("scheduled", "queued", "running", "deferred", "up_for_reschedule", "up_for_retry", "restarting")
"""The states of a sensor that may have started and has not finished."""

_ENDED_OTHERWISE = ("failed", "skipped")
_LASTED_SECONDS = SHORT.total_seconds() - 1
"""Databases round the duration of a task instance."""
_REACH = MOST_RUNS + 2
"""The newest runs are expected within this many periods: some slack for the current one and clock changes."""
_FURTHER = 4
"""How much further back to search for DAGs with too few runs."""
TOGETHER = 500
"""The maximum number of DAGs or runs per request: databases limit the number of parameters."""
_AFTER_RUNS, _AFTER_WAITS, _AT_THE_END = 0.5, 0.25, 0.05
"""The part of the time budget that must remain after each step."""


class Fetched(msgspec.Struct, frozen=True):
    """The DAGs with their runs, and descriptions of what Airflow did not return in time."""

    dags: tuple[DagRuns, ...]
    missing: tuple[str, ...] = ()


class _Window(msgspec.Struct, frozen=True):
    """DAGs whose runs between two times are searched."""

    since: datetime
    until: datetime | None
    dags: Sequence[RegisteredDag]

    @property
    def dag_ids(self) -> list[str]:
        return sorted({dag.dag_id for dag in self.dags})

    @property
    def sensors(self) -> list[str]:
        return sorted({wait.task_id for dag in self.dags for wait in dag.waits})

    @property
    def producers(self) -> list[str]:
        return sorted({each.task_id for dag in self.dags for each in dag.assets.values()})

    def of(self, dag_ids: Collection[str]) -> Iterator[Self]:
        """Yield the same, restricted to these DAGs, if any remain."""
        dags = [dag for dag in self.dags if dag.dag_id in dag_ids]
        if dags:
            yield replace(self, dags=dags)

    def filter(self, task_ids: Sequence[str]) -> RunFilter:
        return RunFilter(dag_ids=self.dag_ids, task_ids=task_ids, since=self.since, until=self.until)


def fetch_runs(api: AirflowApi, dags: Sequence[RegisteredDag], since: datetime, now: datetime) -> Fetched:
    """The newest runs of each DAG due since a time, and older runs that are still running.

    DAGs that Airflow does not have or does not show to this login have no runs. One more request is made per 500 DAGs
    or task instances and per 100 runs, newest first: if the time budget of ``api`` runs out, the oldest are missing.

    Raises:
        AirflowApiError: a request failed.

    """
    fetching = _Fetching(api, dags, since, now)
    fetching.fetch_runs()
    fetching.fetch_waits()
    fetching.fetch_landings()
    return Fetched(fetching.dag_runs(), tuple(fetching.missing))


def find_refused(api: AirflowApi, found: Sequence[DagRuns]) -> list[str]:
    """The DAGs that the login is not allowed to read, among those without runs; one request for each."""
    refused = []
    for dag_id in sorted({each.dag.dag_id for each in found if not each.runs}):
        try:
            api.dag(dag_id)
        except AirflowForbiddenError:
            refused.append(dag_id)
    return refused


def _windows(dags: Sequence[RegisteredDag], since: datetime, now: datetime) -> Iterator[_Window]:
    """The windows of the newest runs, if all ran on schedule; a DAG of several teams is in one window only."""
    declared: dict[str, list[RegisteredDag]] = defaultdict(list)
    for dag in dags:
        declared[dag.dag_id].append(dag)
    alike: dict[datetime, list[list[RegisteredDag]]] = defaultdict(list)
    for same in declared.values():
        reach = timedelta(seconds=_REACH * max(cadence_seconds(dag.schedule) for dag in same))
        alike[max(since, now - reach)].append(same)
    for start, groups in sorted(alike.items(), reverse=True):
        for at in range(0, len(groups), TOGETHER):
            yield _Window(start, None, [dag for same in groups[at : at + TOGETHER] for dag in same])


class _Fetching:
    """The runs fetched so far. Each step gets a part of the time budget."""

    def __init__(
        self, api: AirflowApi, dags: Sequence[RegisteredDag], since: datetime, now: datetime
    ) -> None:
        self.missing: list[str] = []
        self._api = api
        self._time = InTime(api)
        self._dags, self._since, self._now = dags, since, now
        self._windows: list[_Window] = []
        self._runs: dict[str, dict[str, Run]] = defaultdict(dict)
        self._older: list[Run] = []
        self._tasks: dict[RunKey, dict[str, TaskInstance]] = defaultdict(dict)

    def fetch_runs(self) -> None:
        """Fetch the running runs of any age, then the newest of each DAG."""
        windows = list(_windows(self._dags, self._since, self._now))
        running = [
            RunFilter(dag_ids=window.dag_ids, states=("running",), until=window.since) for window in windows
        ]
        listed_older = self._list_runs(running)
        if not all(listed.whole for listed in listed_older):
            self.missing.append("some older runs that are still running")
        older = [run for listed in listed_older for run in listed.found]
        cut = []
        while windows:
            asked = [
                RunFilter(dag_ids=window.dag_ids, since=window.since, until=window.until)
                for window in windows
            ]
            further: list[_Window] = []
            for window, listed in zip(windows, self._list_runs(asked), strict=True):
                for run in listed.found:
                    self._runs[run.dag_id][run.run_id] = run
                self._windows += window.of({run.dag_id for run in listed.found})
                if not listed.whole:
                    cut.append(listed.found[-1].run_after if listed.found else window.until or self._now)
                elif window.since > self._since:
                    few = {dag_id for dag_id in window.dag_ids if len(self._runs[dag_id]) < MOST_RUNS}
                    further += (self._before(each) for each in window.of(few))
            windows = further
        if cut:
            self.missing.append(f"runs that were due before {format_utc(max(cut))} UTC")
        self._older = [run for run in older if run.run_id not in self._runs[run.dag_id]]
        for run in self._older:
            self._runs[run.dag_id][run.run_id] = run

    def fetch_waits(self) -> None:
        """Fetch the sensors of the older runs, those that wait or did not succeed, and those that waited long."""
        asked = [
            self._of_older(self._older[at : at + TOGETHER]) for at in range(0, len(self._older), TOGETHER)
        ]
        for window in self._windows:
            if window.sensors:
                where = window.filter(window.sensors)
                asked += (
                    replace(where, states=WAITING + _ENDED_OTHERWISE),
                    replace(where, states=(SUCCESS,), lasted_seconds=_LASTED_SECONDS),
                )
        self._keep_tasks(asked, left=_AFTER_WAITS, what="some of the waits")

    def fetch_landings(self) -> None:
        """Fetch the tasks that produce exposed assets."""
        asked = [window.filter(window.producers) for window in self._windows if window.producers]
        self._keep_tasks(asked, left=_AT_THE_END, what="the landing times of some runs")

    def dag_runs(self) -> tuple[DagRuns, ...]:
        """The result by DAG: the newest runs of each, and those that are still running."""
        return tuple(self._of_dag(dag) for dag in self._dags)

    def _of_dag(self, dag: RegisteredDag) -> DagRuns:
        newest = sorted(self._runs[dag.dag_id].values(), key=lambda run: (run.run_after, run.run_id))[::-1]
        runs = [run for at, run in enumerate(newest) if at < MOST_RUNS or run.state == "running"]
        tasks = {(run.run_id, name): each for run in runs for name, each in self._tasks[run.key].items()}
        return DagRuns(dag, runs, tasks)

    def _before(self, window: _Window) -> _Window:
        """The window further back, for DAGs with too few runs: they were paused, or rarely run."""
        further = self._now - _FURTHER * (self._now - window.since)
        return _Window(max(self._since, further), window.since, window.dags)

    def _of_older(self, runs: Sequence[Run]) -> RunFilter:
        dag_ids = {run.dag_id for run in runs}
        names = {name for dag in self._dags if dag.dag_id in dag_ids for name in dag.task_ids}
        run_ids = {run.run_id for run in runs}
        return RunFilter(dag_ids=sorted(dag_ids), run_ids=sorted(run_ids), task_ids=sorted(names))

    def _list_runs(self, asked: Sequence[RunFilter]) -> list[Listed[Run]]:
        return self._time.collect([self._api.newest_runs_first(each) for each in asked], left=_AFTER_RUNS)

    def _keep_tasks(self, asked: Sequence[RunFilter], *, left: float, what: str) -> None:
        listed = self._time.collect(
            [self._api.newest_task_instances_first(each) for each in asked], left=left
        )
        for each in (task for listing in listed for task in listing.found):
            self._tasks[each.run_key].setdefault(each.task_id, each)
        if not all(listing.whole for listing in listed):
            self.missing.append(what)
