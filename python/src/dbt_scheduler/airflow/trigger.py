"""The trigger that watches, every so often, whether something has happened that a sensor should look at."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec
from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from dbt_scheduler.airflow.compat import AirflowRuntimeError
from dbt_scheduler.airflow.execution_api import ProducerState, read_producer_state
from dbt_scheduler.schedule import Interval
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.decision import AwaitedRun


class AssetTrigger(BaseTrigger):
    """Fires when the producer's task may have made the asset since the sensor looked, in whichever run.

    Whether that ends the wait is for the sensor to say: a worker may ask Airflow more than a trigger may. The
    arguments are plain values, because Airflow stores them between a worker and the triggerer.
    """

    def __init__(  # noqa: PLR0913 - one argument per stored value
        self,
        *,
        dag_id: str,
        task_id: str,
        schedule: dict[str, Any],
        start: datetime,
        end: datetime,
        seen: dict[str, Any],
        poll_seconds: float,
        external: bool = False,  # one that an earlier release has stored says nothing of it
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        interval = Interval(start, end)
        self._awaited = AwaitedRun(
            dag_id, task_id, msgspec.convert(schedule, Schedule), interval, external=external
        )
        self._seen = msgspec.convert(seen, ProducerState)
        self._poll_seconds = poll_seconds

    @classmethod
    def of(cls, awaited: AwaitedRun, seen: ProducerState, poll_seconds: float) -> "AssetTrigger":
        """The trigger for an awaited run, and what the sensor saw of it."""
        return cls(**_arguments(awaited, seen, poll_seconds))

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class and the arguments that make this trigger again."""
        arguments = _arguments(self._awaited, self._seen, self._poll_seconds)
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event, when it is time to look again."""
        while True:
            try:
                now = await sync_to_async(read_producer_state)(self._awaited)
            except AirflowRuntimeError as error:  # it may be restarting
                self.log.warning("Airflow did not respond, retrying in %s s: %s", self._poll_seconds, error)
            else:
                if now.has_changed_since(self._seen):
                    yield TriggerEvent({"status": "changed"})  # type: ignore[no-untyped-call]
                    return
            await asyncio.sleep(self._poll_seconds)


def _arguments(awaited: AwaitedRun, seen: ProducerState, poll_seconds: float) -> dict[str, Any]:
    """What a trigger is made of, and stored as."""
    return {
        "dag_id": awaited.dag_id,
        "task_id": awaited.task_id,
        "schedule": msgspec.to_builtins(awaited.schedule),
        "start": awaited.interval.start,
        "end": awaited.interval.end,
        "seen": msgspec.to_builtins(seen),
        "poll_seconds": poll_seconds,
        "external": awaited.external,
    }
