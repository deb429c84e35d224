"""Decides whether a wait is over: the one rule for the sensor, its trigger, the callback, the sweep and the commands."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from dbt_scheduler.schedule import Interval, awaited_interval, before_start, period
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.run_interval import BACKFILL, SCHEDULED, AirflowRun, interval_of_run

if TYPE_CHECKING:
    from dbt_scheduler.waits.wait import NoProducer, Wait

SUCCESS, REMOVED = "success", "removed"

OVER = frozenset({SUCCESS, "failed", "upstream_failed", "skipped", REMOVED})
"""The final states of tasks."""


class AwaitedRun(msgspec.Struct, frozen=True):
    """The run of a producer's task that a consumer's run waits for: the scheduled run of this data interval.

    ``backfilled``: the consumer's run is part of a backfill, and the producer may be backfilled later. ``external``:
    the DAG is hand-written, and the logical date may be the end of the data interval.
    """

    dag_id: str
    task_id: str
    schedule: Schedule
    interval: Interval
    backfilled: bool = False
    external: bool = False

    @property
    def period(self) -> Interval:
        """The period that a run must cover to end the wait."""
        return period(self.schedule, self.interval)


class ProducerRun(msgspec.Struct, frozen=True):
    """The producer's task in an existing run of its DAG; ``state`` is the task's."""

    interval: Interval
    run_id: str
    run_type: str
    state: str | None


class Status(StrEnum):
    """The outcome of a check."""

    DONE = "done"
    WAITING = "waiting"
    NEVER = "never"


class Reason(StrEnum):
    """The reason for the outcome."""

    BEFORE_START = "the period is before the producer's start date"
    SAME_PERIOD = "the task has succeeded for the period"
    NEWER_RUN = "the task never ran for the period, but has succeeded for a newer one"
    UNFINISHED = "the task has not succeeded in the period's run"
    NO_RUN = "there is no run for the period"
    NO_PRODUCER = "the asset is no longer produced"


_STATUS = {
    Reason.BEFORE_START: Status.DONE,
    Reason.SAME_PERIOD: Status.DONE,
    Reason.NEWER_RUN: Status.DONE,
    Reason.UNFINISHED: Status.WAITING,
    Reason.NO_RUN: Status.WAITING,
    Reason.NO_PRODUCER: Status.NEVER,
}


class Decision(msgspec.Struct, frozen=True):
    """The decision; ``run`` is the producer's run that caused it, if any."""

    reason: Reason
    run: ProducerRun | None = None

    @property
    def status(self) -> Status:
        """Whether the wait is over."""
        return _STATUS[self.reason]


def awaited_by(wait: "Wait", run: AirflowRun) -> AwaitedRun:
    """The run that a sensor waits for in a run of its DAG."""
    interval = interval_of_run(wait.schedule, run, external=wait.external)
    return awaited_in(wait, interval, backfilled=run.run_type == BACKFILL)


def awaited_in(wait: "Wait", interval: Interval, *, backfilled: bool = False) -> AwaitedRun:
    """The run that a sensor waits for in a run of its DAG with this data interval."""
    producer = wait.producer
    awaited = awaited_interval(wait.schedule, interval, producer.schedule)
    return AwaitedRun(
        producer.dag_id, producer.task_id, producer.schedule, awaited, backfilled, producer.external
    )


def decide(awaited: "AwaitedRun | NoProducer", runs: Iterable[ProducerRun]) -> Decision:
    """Decide a wait from the producer's runs.

    A success in any run of the period ends it. A success of a newer period ends it if the task is in no run of the
    period; for a backfilled run, only if there is a run of the period without the task, because the producer may still
    be backfilled. ``runs`` must contain all runs of the period, and at least the latest successful one of newer
    periods.
    """
    if not isinstance(awaited, AwaitedRun):
        return Decision(Reason.NO_PRODUCER)
    if before_start(awaited.schedule, awaited.interval):
        return Decision(Reason.BEFORE_START)
    covered = [(period(awaited.schedule, run.interval), run.run_id, run) for run in runs]
    of_period = sorted((run for when, _, run in covered if when == awaited.period), key=_rank)
    same = [run for run in of_period if run.state != REMOVED]
    if made := [run for run in same if run.state == SUCCESS]:
        return Decision(Reason.SAME_PERIOD, made[-1])
    if same:
        return Decision(Reason.UNFINISHED, same[-1])
    newer = [each for each in covered if each[0] > awaited.period and each[2].state == SUCCESS]
    if newer and (of_period or not awaited.backfilled):
        return Decision(Reason.NEWER_RUN, max(newer, key=lambda each: each[:2])[2])
    return Decision(Reason.NO_RUN)


def ends(awaited: AwaitedRun, interval: Interval) -> bool:
    """Whether the task's success in a run with this data interval ends the wait, independent of other runs."""
    made = ProducerRun(interval, run_id="", run_type="", state=SUCCESS)
    return decide(awaited, (made,)).reason is Reason.SAME_PERIOD


def _rank(run: ProducerRun) -> tuple[bool, str]:
    """The order in which the last run decides: manual runs, then scheduled and backfilled ones, each by run_id."""
    return run.run_type in SCHEDULED, run.run_id
