"""The rule that decides when a wait is over, case by case."""

from datetime import UTC, datetime

import msgspec
import pytest

from builders import DAILY
from dbt_scheduler.schedule import manual_interval, run_interval
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.decision import AwaitedRun, Decision, ProducerRun, Reason, Status, decide
from dbt_scheduler.waits.wait import NoProducer


def at(day: int, hour: int = 0, minute: int = 10) -> datetime:
    return datetime(2025, 6, day, hour, minute, tzinfo=UTC)


AWAITED = AwaitedRun("shipping_daily", "marts.dim", DAILY, run_interval(DAILY, at(5)))


def scheduled(day: int, state: str | None = "success", kind: str = "scheduled") -> ProducerRun:
    return ProducerRun(run_interval(DAILY, at(day)), f"{kind}__{day}", kind, state)


def manual(day: int, state: str | None = "success", hour: int = 9) -> ProducerRun:
    """A manual run of a day's period, created on the day after."""
    return ProducerRun(manual_interval(DAILY, at(day + 1, hour)), f"manual__{day}T{hour}", "manual", state)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ((), Decision(Reason.NO_RUN)),
        ((scheduled(4),), Decision(Reason.NO_RUN)),
        ((scheduled(5),), Decision(Reason.SAME_PERIOD, scheduled(5))),
        ((scheduled(5, kind="backfill"),), Decision(Reason.SAME_PERIOD, scheduled(5, kind="backfill"))),
        ((manual(5),), Decision(Reason.SAME_PERIOD, manual(5))),
        ((scheduled(5), manual(5)), Decision(Reason.SAME_PERIOD, scheduled(5))),
        ((manual(5, hour=8), manual(5, hour=9)), Decision(Reason.SAME_PERIOD, manual(5, hour=9))),
        ((scheduled(5, "failed"), manual(5)), Decision(Reason.SAME_PERIOD, manual(5))),
        ((scheduled(5, "failed"), scheduled(6)), Decision(Reason.UNFINISHED, scheduled(5, "failed"))),
        ((scheduled(5, "skipped"), scheduled(6)), Decision(Reason.UNFINISHED, scheduled(5, "skipped"))),
        ((scheduled(5, None), scheduled(6)), Decision(Reason.UNFINISHED, scheduled(5, None))),
        ((manual(5, "running"), scheduled(6)), Decision(Reason.UNFINISHED, manual(5, "running"))),
        ((scheduled(6), scheduled(7), scheduled(8, "failed")), Decision(Reason.NEWER_RUN, scheduled(7))),
        ((scheduled(5, "removed"), scheduled(6)), Decision(Reason.NEWER_RUN, scheduled(6))),
        ((manual(5, "removed"), scheduled(6)), Decision(Reason.NEWER_RUN, scheduled(6))),
        ((scheduled(5, "removed"), scheduled(6, "failed")), Decision(Reason.NO_RUN)),
    ],
)
def test_what_becomes_of_a_wait(runs: tuple[ProducerRun, ...], expected: Decision) -> None:
    assert decide(AWAITED, runs) == decide(AWAITED, runs[::-1]) == expected


def test_a_backfilled_run_is_not_satisfied_by_a_newer_run_of_a_producer_that_may_still_be_backfilled() -> (
    None
):
    awaited = msgspec.structs.replace(AWAITED, backfilled=True)
    assert decide(awaited, (scheduled(6),)) == Decision(Reason.NO_RUN)
    backfill = scheduled(5, "running", kind="backfill")
    assert decide(awaited, (scheduled(6), backfill)) == Decision(Reason.UNFINISHED, backfill)
    assert decide(awaited, (scheduled(6), manual(5))) == Decision(Reason.SAME_PERIOD, manual(5))
    without_the_task = scheduled(5, "removed")
    assert decide(awaited, (scheduled(6), without_the_task)) == Decision(Reason.NEWER_RUN, scheduled(6))


def test_a_period_before_the_producers_start_is_not_waited_for() -> None:
    late = Schedule(DAILY.cron, grain="day", start_date="2025-06-06")
    awaited = AwaitedRun("shipping_daily", "marts.dim", late, run_interval(late, at(5)))
    assert decide(awaited, (scheduled(5, "failed"),)) == Decision(Reason.BEFORE_START)
    assert decide(awaited, ()).status is Status.DONE


def test_a_wait_for_an_asset_without_a_producer_never_ends() -> None:
    assert decide(NoProducer("gone"), (scheduled(5),)) == Decision(Reason.NO_PRODUCER)
    assert decide(NoProducer("gone"), ()).status is Status.NEVER
