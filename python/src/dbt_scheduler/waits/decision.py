"""Whether a wait is over, and why: the one rule by which all who ask decide."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from dbt_scheduler.schedule import Interval, awaited_interval, before_start, period
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.run_interval import SCHEDULED
from dbt_scheduler.waits.wait import NoProducer, Wait

SUCCESS, REMOVED = "success", "removed"


class AwaitedRun(msgspec.Struct, frozen=True):
    """The run of a producer's task that a run of a consumer waits for: the scheduled one of this data interval."""

    dag_id: str
    task_id: str
    schedule: Schedule
    interval: Interval

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

    BEFORE_START = "the period lies before the producer's start date"
    SAME_PERIOD = "the task has succeeded for the period"
    NEWER_RUN = "the task never ran for the period, and has succeeded for a newer one"
    UNFINISHED = "the task has not succeeded in the run of the period"
    NO_RUN = "there is no run of the period"
    NO_PRODUCER = "nobody makes the asset any more"


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


def awaited_run(wait: Wait, interval: Interval) -> AwaitedRun:
    """What a sensor waits for in a run of its DAG that has this data interval."""
    producer = wait.producer
    awaited = awaited_interval(wait.schedule, interval, producer.schedule)
    return AwaitedRun(producer.dag_id, producer.task_id, producer.schedule, awaited)


def decide(awaited: AwaitedRun | NoProducer, runs: Iterable[ProducerRun]) -> Decision:
    """What becomes of a wait when these are the producer's runs.

    A success of the period ends it, in whichever run; that of a newer period does when the task is in no run of
    the period. All runs of the period count, and of newer periods at least the one that succeeded last.
    """
    if isinstance(awaited, NoProducer):
        return Decision(Reason.NO_PRODUCER)
    if before_start(awaited.schedule, awaited.interval):
        return Decision(Reason.BEFORE_START)
    there = [(period(awaited.schedule, run.interval), run) for run in runs if run.state != REMOVED]
    same = sorted((run for covered, run in there if covered == awaited.period), key=_rank)
    newer = [(covered, run.run_id, run) for covered, run in there if covered > awaited.period]
    if made := [run for run in same if run.state == SUCCESS]:
        return Decision(Reason.SAME_PERIOD, made[-1])
    if same:
        return Decision(Reason.UNFINISHED, same[-1])
    if made := [run for *_, run in sorted(newer, key=lambda each: each[:2]) if run.state == SUCCESS]:
        return Decision(Reason.NEWER_RUN, made[-1])
    return Decision(Reason.NO_RUN)


def ends(awaited: AwaitedRun, interval: Interval) -> bool:
    """Whether the task's success in a run with this data interval ends the wait, whatever became of other runs."""
    made = ProducerRun(interval, run_id="", run_type="", state=SUCCESS)
    return decide(awaited, (made,)).reason is Reason.SAME_PERIOD


def _rank(run: ProducerRun) -> tuple[bool, str]:
    """A scheduled or backfilled run comes before a manual one, and then the newest: the same for all who ask."""
    return run.run_type in SCHEDULED, run.run_id
