"""Whether a wait is over, and why: the one rule by which all who ask decide."""

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
"""The states of tasks that nothing becomes of any more."""


class AwaitedRun(msgspec.Struct, frozen=True):
    """The run of a producer's task that a run of a consumer waits for: the scheduled one of this data interval.

    ``backfilled`` if the consumer's run is one of a backfill: the producer's may then be backfilled later.
    ``external`` if the DAG is written by hand: the run's logical date may then be the end of its interval.
    """

    dag_id: str
    task_id: str
    schedule: Schedule
    interval: Interval
    backfilled: bool = False
    external: bool = False

    @property
    def period(self) -> Interval:
        """What any run has to cover to be as good as this one."""
        return period(self.schedule, self.interval)


class ProducerRun(msgspec.Struct, frozen=True):
    """The producer's task in a run of its DAG that there is; ``state`` is the task's."""

    interval: Interval
    run_id: str
    run_type: str
    state: str | None


class Status(StrEnum):
    """What is to become of a wait."""

    DONE = "done"
    WAITING = "waiting"
    NEVER = "never"


class Reason(StrEnum):
    """Why that is so."""

    BEFORE_START = "the period is before the producer's start date"
    SAME_PERIOD = "the task has succeeded for the period"
    NEWER_RUN = "the task never ran for the period, but has succeeded for a newer one"
    UNFINISHED = "the task has not succeeded in the run of the period"
    NO_RUN = "there is no run of the period"
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
    """What became of a wait; ``run`` is the producer's run that this is due to, if it is due to one."""

    reason: Reason
    run: ProducerRun | None = None

    @property
    def status(self) -> Status:
        """Whether the wait is over."""
        return _STATUS[self.reason]


def awaited_by(wait: "Wait", run: AirflowRun) -> AwaitedRun:
    """What a sensor waits for in a run of its DAG."""
    interval = interval_of_run(wait.schedule, run, external=wait.external)
    return awaited_in(wait, interval, backfilled=run.run_type == BACKFILL)


def awaited_in(wait: "Wait", interval: Interval, *, backfilled: bool = False) -> AwaitedRun:
    """What a sensor waits for in a run of its DAG that has this data interval."""
    producer = wait.producer
    awaited = awaited_interval(wait.schedule, interval, producer.schedule)
    return AwaitedRun(
        producer.dag_id, producer.task_id, producer.schedule, awaited, backfilled, producer.external
    )


def decide(awaited: "AwaitedRun | NoProducer", runs: Iterable[ProducerRun]) -> Decision:
    """What becomes of a wait when these are the producer's runs.

    A success of the period ends it, in whichever run. That of a newer period does when the task is in no run of
    the period; for a backfilled run only if there is a run of the period, which the task came too late for: as
    long as there is none, the producer may still be backfilled. All runs of the period count, and of newer periods
    at least the one that succeeded last.
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
    """Whether the task's success in a run with this data interval ends the wait, whatever became of other runs."""
    made = ProducerRun(interval, run_id="", run_type="", state=SUCCESS)
    return decide(awaited, (made,)).reason is Reason.SAME_PERIOD


def _rank(run: ProducerRun) -> tuple[bool, str]:
    """A scheduled or backfilled run comes before a manual one, and then the newest: the same for all who ask."""
    return run.run_type in SCHEDULED, run.run_id
