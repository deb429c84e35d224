"""What became of a task, in words that go on from its name."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from dbt_scheduler.airflow_api.answers import Dag, Pool, TaskInstance
from dbt_scheduler.explain.dags import KnownSensor
from dbt_scheduler.explain.run_snapshot import RunSnapshot
from dbt_scheduler.schedule.text import format_moment
from dbt_scheduler.waits.run_interval import BACKFILL

WAITING = ("running", "deferred", "up_for_reschedule", "up_for_retry")
"""The states of a sensor that has started and is not done."""
_HELD_BACK_BY_NOTHING = (
    "did not run: what it needs had failed, and has not any more; `dbt-scheduler resume` lets it run"
)
_ABOUT = timedelta(minutes=1)


class TaskMessage(msgspec.Struct, frozen=True):
    """Words about a task; ``ends`` is false when it can be no root cause: it has succeeded, or is explained elsewhere.

    ``hidden`` if what it is due to is in a DAG that may not be seen.
    """

    text: str
    ends: bool = True
    hidden: bool = False


def describe_run(snapshot: RunSnapshot, task_id: str) -> TaskMessage | None:
    """What the run or its DAG says about a task that has not come to an end; None if nothing."""
    run, dag = snapshot.run, snapshot.dag
    if snapshot.state(task_id) not in (None, "scheduled", "queued") or run.over:
        return None
    if dag and (dag.is_paused or dag.is_stale):
        return TaskMessage(f"has not run: {held_back(dag)}")
    if run.state != "queued":
        return None
    if snapshot.backfill and snapshot.backfill.is_paused:
        return TaskMessage("has not run: its backfill is paused")
    return TaskMessage(f"has not run: its run has not started; {_most_runs(snapshot)} run at a time")


def held_back(dag: Dag) -> str:
    """Why a DAG gets no new runs; empty if it does."""
    if dag.has_import_errors:
        return "its DAG has import errors, which Airflow shows"
    if dag.is_stale:
        return "its DAG is stale, because Airflow does not find it in its file any more"
    return "its DAG is paused" if dag.is_paused else ""


def describe_task(instance: TaskInstance | None, snapshot: RunSnapshot, *, blocked: bool) -> TaskMessage:
    """What became of a task; ``blocked`` by others in its run."""
    if instance is None:
        return TaskMessage(
            "is not in this run: it is newer than the run, or its DAG is not deployed as compiled here"
        )
    if instance.state in _DESCRIPTIONS:
        return _DESCRIPTIONS[instance.state](instance, snapshot)
    return _not_started(instance.state, snapshot, blocked=blocked)


def about_pool(name: str, pool: Pool | None) -> TaskMessage | None:
    """What a pool says about a task that could start; None if it has a free slot."""
    if pool is None:
        return TaskMessage(
            f"cannot run: its pool {name} does not exist in Airflow; "
            "make it with `dbt-scheduler pools` and `airflow pools import`"
        )
    if pool.slots >= 0 and pool.open_slots <= 0:
        return TaskMessage(f"has not run yet: it waits for a slot of the pool {name}, which are all taken")
    return None


def describe_wait(
    instance: TaskInstance, sensor: KnownSensor, until: datetime | None, *, arrived: bool
) -> TaskMessage:
    """What became of a sensor that waits or gave up."""
    what = f"{sensor.team}.{sensor.asset}"
    if instance.state == "failed":
        text = f"gave up at {_at(instance.end_date)} waiting for {what}"
        if instance.end_date and until and instance.end_date < until - _ABOUT:
            text = f"failed at {_at(instance.end_date)} before its time was up (its log says why), waiting for {what}"
        then = "which is there now: `dbt-scheduler resume` lets the run go on"
    else:
        deadline = format_moment(until) if until else "its wait timeout"
        text = f"waits for {what} since {_at(instance.start_date)}, until {deadline}"
        if sensor.dependency == "soft":
            text += " and then goes on without it"
        then = "which is there now: its next look or `dbt-scheduler resume` lets it go on"
    return TaskMessage(f"{text}, {then}" if arrived else text)


def _most_runs(snapshot: RunSnapshot) -> str:
    """How many runs there may be beside this one: those of a backfill are counted by themselves."""
    if snapshot.run.run_type == BACKFILL:
        most = snapshot.backfill.max_active_runs if snapshot.backfill else None
        return f"at most {most} of its backfill" if most else "only so many of its backfill"
    most = snapshot.dag.max_active_runs if snapshot.dag else None
    return f"at most {most} of its DAG" if most else "only so many"


def _not_started(state: str | None, snapshot: RunSnapshot, *, blocked: bool) -> TaskMessage:
    if snapshot.known is None:
        return TaskMessage(
            f"has not run ({state or 'no state'}); why is not known here, without its compiled DAG"
        )
    if state == "upstream_failed":
        return TaskMessage("did not run: it needs" if blocked else _HELD_BACK_BY_NOTHING)
    if blocked:
        return TaskMessage("has not run: it waits for")
    if snapshot.run.over:
        return TaskMessage("has not run, and its run is over: `dbt-scheduler resume` lets it go on")
    return TaskMessage("has not run yet: nothing holds it up, the scheduler starts it next")


def _success(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    note = f" ({instance.note})" if instance.note else ""
    return TaskMessage(f"succeeded at {_at(instance.end_date)}{note}", ends=False)


def _failed(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    tries = f" in try {instance.try_number}" if instance.try_number > 1 else ""
    return TaskMessage(f"failed at {_at(instance.end_date)}{tries}; its log says why")


def _retry(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    return TaskMessage(
        f"failed at {_at(instance.end_date)} in try {instance.try_number} of {instance.max_tries + 1}, "
        "and will be tried again"
    )


def _running(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    return TaskMessage(f"is running since {_at(instance.start_date)}")


def _deferred(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    return TaskMessage(f"waits for its work outside of Airflow to end, since {_at(instance.start_date)}")


def _skipped(_: TaskInstance, snapshot: RunSnapshot) -> TaskMessage:
    only = (snapshot.run.conf or {}).get("only")
    names = ", ".join(str(each) for each in only) if isinstance(only, list) else ""
    return TaskMessage(f"was skipped: this run is only of {names}" if names else "was skipped")


def _removed(_: TaskInstance, __: RunSnapshot) -> TaskMessage:
    return TaskMessage("is no longer in its DAG")


def _queued(instance: TaskInstance, _: RunSnapshot) -> TaskMessage:
    queue = f" of the queue {instance.queue}" if instance.queue not in (None, "default") else ""
    return TaskMessage(
        f"has not run yet: it waits for a worker{queue} and a slot of the pool {instance.pool}"
    )


def _restarting(_: TaskInstance, __: RunSnapshot) -> TaskMessage:
    return TaskMessage("was cleared while it ran, and starts again")


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
