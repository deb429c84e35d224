"""The trigger that checks periodically whether something has happened that the sensor must check."""

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
    """Fires when the producer's task may have produced the asset since the sensor's last check, in any run.

    The sensor decides whether that ends the wait, because a worker can make more requests than a trigger. The arguments
    are plain values, because Airflow stores them.
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
        external: bool = False,  # missing in triggers that an earlier release stored
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
        """The trigger for an awaited run, and the state that the sensor saw."""
        return cls(**_arguments(awaited, seen, poll_seconds))

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class path, and the arguments to recreate this trigger."""
        arguments = _arguments(self._awaited, self._seen, self._poll_seconds)
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yields one event, when the sensor should check again."""
        while True:
            try:
                now = await sync_to_async(read_producer_state)(self._awaited)
            except AirflowRuntimeError as error:  # Airflow may be restarting
                self.log.warning("Airflow did not respond, retrying in %s s: %s", self._poll_seconds, error)
            else:
                if now.has_changed_since(self._seen):
                    yield TriggerEvent({"status": "changed"})  # type: ignore[no-untyped-call]
                    return
            await asyncio.sleep(self._poll_seconds)


def _arguments(awaited: AwaitedRun, seen: ProducerState, poll_seconds: float) -> dict[str, Any]:
    """The arguments of a trigger, as Airflow stores them."""
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
