"""Describes the state of a task in words that follow the task's name."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from dbt_scheduler.airflow_api.answers import Dag, Pool, TaskInstance
from dbt_scheduler.explain.dags import KnownSensor
from dbt_scheduler.explain.run_snapshot import RunSnapshot
from dbt_scheduler.schedule.text import format_moment
from dbt_scheduler.waits.run_interval import BACKFILL

WAITING = ("running", "deferred", "up_for_reschedule", "up_for_retry")
"""The states of a sensor that has started and has not finished."""
_HELD_BACK_BY_NOTHING = (
    "did not run: its state is upstream_failed, although no upstream task is failed anymore; run "
    "`dbt-scheduler resume`"
)
_ABOUT = timedelta(minutes=1)


class TaskMessage(msgspec.Struct, frozen=True):
    """A description of a task.

    ``ends`` is false if the task cannot be a root cause: it has succeeded, or is explained elsewhere. ``hidden`` is
    true if its cause is in a DAG that the user is not allowed to view.
    """

    text: str
    ends: bool = True
    hidden: bool = False


def describe_run(snapshot: RunSnapshot, task_id: str) -> TaskMessage | None:
    """The reason why a task has not started that lies in its run or DAG; None if there is none."""
    run, dag = snapshot.run, snapshot.dag
    if snapshot.state(task_id) not in (None, "scheduled", "queued") or run.over:
        return None
    if dag and (dag.is_paused or dag.is_stale):
        return TaskMessage(f"has not run: {held_back(dag)}")
    if run.state != "queued":
        return None
    if snapshot.backfill and snapshot.backfill.is_paused:
        return TaskMessage("has not run: its backfill is paused")
    return TaskMessage(f"has not run: its run is queued ({_max_active_runs(snapshot)})")


def held_back(dag: Dag) -> str:
    """Why a DAG does not create runs; empty if it does."""
    if dag.has_import_errors:
        return "its DAG has import errors"
    if dag.is_stale:
        return "its DAG is stale (no longer found in its DAG file)"
    return "its DAG is paused" if dag.is_paused else ""


def describe_task(instance: TaskInstance | None, snapshot: RunSnapshot, *, blocked: bool) -> TaskMessage:
    """Describe a task instance; ``blocked``: an upstream task in its run has not succeeded."""
    if instance is None:
        return TaskMessage(
            "is not in this run: it was added later, or the deployed DAG differs from the compiled one"
        )
    if instance.state in _DESCRIPTIONS:
        return _DESCRIPTIONS[instance.state](instance, snapshot)
    return _not_started(instance.state, snapshot, blocked=blocked)


def about_pool(name: str, pool: Pool | None) -> TaskMessage | None:
    """The message for a task that its pool blocks; None if the pool has an open slot."""
    if pool is None:
        return TaskMessage(
            f"cannot run: its pool {name} does not exist in Airflow; "
            "create it with `dbt-scheduler pools` and `airflow pools import`"
        )
    if pool.slots >= 0 and pool.open_slots <= 0:
        return TaskMessage(f"has not run yet: the pool {name} has no open slots")
    return None


def describe_wait(
    instance: TaskInstance, sensor: KnownSensor, until: datetime | None, *, arrived: bool
) -> TaskMessage:
    """Describe a sensor that is waiting or has failed."""
    what = f"{sensor.team}.{sensor.asset}"
    if instance.state == "failed":
        text = f"timed out at {_at(instance.end_date)} waiting for {what}"
        if instance.end_date and until and instance.end_date < until - _ABOUT:
            text = f"failed at {_at(instance.end_date)} before its timeout (see its log), waiting for {what}"
        then = "it is ready now: run `dbt-scheduler resume` to resume the run"
    else:
        deadline = format_moment(until) if until else "its wait timeout"
        text = f"has been waiting for {what} since {_at(instance.start_date)}, until {deadline}"
        if sensor.dependency == "soft":
            text += ", then continues without it"
        then = "it is ready now: the next check or `dbt-scheduler resume` ends the wait"
    return TaskMessage(f"{text}; {then}" if arrived else text)


def _max_active_runs(snapshot: RunSnapshot) -> str:
    """The limit on active runs: Airflow counts those of a backfill separately."""
    if snapshot.run.run_type == BACKFILL:
        most = snapshot.backfill.max_active_runs if snapshot.backfill else None
        return (
            f"max_active_runs of the backfill: {most}"
            if most
            else "limited by max_active_runs of the backfill"
        )
    most = snapshot.dag.max_active_runs if snapshot.dag else None
    return f"max_active_runs of the DAG: {most}" if most else "limited by max_active_runs"


def _not_started(state: str | None, snapshot: RunSnapshot, *, blocked: bool) -> TaskMessage:
    if snapshot.known is None:
        return TaskMessage(
            f"has not run ({state or 'no state'}): the reason is unknown without its compiled DAG"
        )
    if state == "upstream_failed":
        return TaskMessage("did not run: an upstream task failed" if blocked else _HELD_BACK_BY_NOTHING)
    if blocked:
        return TaskMessage("has not run: waiting for upstream tasks")
    if snapshot.run.over:
        return TaskMessage("has not run, although its run has finished: run `dbt-scheduler resume`")
    return TaskMessage("has not run yet: its dependencies are met, and the scheduler will start it next")


def _success(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    note = f" ({instance.note})" if instance.note else ""
    return TaskMessage(f"succeeded at {_at(instance.end_date)}{note}", ends=False)


def _failed(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    tries = f" on try {instance.try_number}" if instance.try_number > 1 else ""
    return TaskMessage(f"failed at {_at(instance.end_date)}{tries}; see its log")


def _retry(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    return TaskMessage(
        f"failed at {_at(instance.end_date)} on try {instance.try_number} of {instance.max_tries + 1} "
        "and will be retried; see its log"
    )


def _running(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    return TaskMessage(f"has been running since {_at(instance.start_date)}")


def _deferred(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    return TaskMessage(f"has been waiting for its external job since {_at(instance.start_date)}")


def _skipped(_: TaskInstance, snapshot: RunSnapshot) -> TaskMessage:
    only = (snapshot.run.conf or {}).get("only")
    names = ", ".join(str(each) for each in only) if isinstance(only, list) else ""
    return TaskMessage(f"was skipped: this run includes only {names}" if names else "was skipped")


def _removed(_: TaskInstance, __: RunSnapshot) -> TaskMessage:
    return TaskMessage("is no longer in its DAG")


def _queued(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    queue = f" of the queue {instance.queue}" if instance.queue not in (None, "default") else ""
    return TaskMessage(f"is queued: waiting for a worker{queue} and a slot in the pool {instance.pool}")


def _restarting(_: TaskInstance, __: RunSnapshot) -> TaskMessage:
    return TaskMessage("was cleared while it was running, and is restarting")


def _at(moment: datetime | None) -> str:
    return format_moment(moment) if moment else "an unknown time"


_DESCRIPTIONS: dict[str | None, Callable[[TaskInstance, RunSnapshot], TaskMessage]] = {
    "success": _success,
    "failed": _failed,
    "up_for_retry": _retry,
    "running": _running,
    "deferred": _deferred,
    "up_for_reschedule": _deferred,
    "skipped": _skipped,
    "removed": _removed,
    "queued": _queued,
    "restarting": _restarting,
}
