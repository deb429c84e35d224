"""The trigger that waits for the end of a job on Vertex AI."""

import asyncio
from collections.abc import AsyncIterator
from functools import cached_property
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from google.api_core.exceptions import GoogleAPIError

from dbt_scheduler.airflow.google_cloud.polls import PASSING, POLL_SECONDS, ended, may_have_ended
from dbt_scheduler.airflow.google_cloud.vertex_ai_jobs import has_ended, problem, type_of


class VertexAiTrigger(BaseTrigger):
    """Fires when the job with this name has finished. It is cancelled if its task is cleared or its state set."""

    def __init__(self, *, job: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.job = job

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class path, and the arguments to recreate this trigger."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"job": self.job}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yields one event: ``error`` is None if the job succeeded."""
        async with await self._client() as client:
            error = await self._error(client)
        yield ended(self.job, error)

    async def _error(self, client: Any) -> str | None:  # noqa: ANN401 - Google's clients have no types here
        """Wait for the end of the job; returns its error, None if it succeeded."""
        while True:
            try:
                job = await type_of(self.job).call(client, "get", name=self.job)
            except PASSING as error:
                self.log.warning("Vertex AI did not respond, retrying in %s s: %s", POLL_SECONDS, error)
            except GoogleAPIError as error:
                return f"The state of the Vertex AI job {self.job} is unknown: {error}"
            else:
                if has_ended(job):
                    return problem(job)
            await asyncio.sleep(POLL_SECONDS)

    async def on_kill(self) -> None:
        """The deferred task was cleared or its state was set: cancel the job."""
        self.log.info("Cancelling the job %s", self.job)
        with may_have_ended(self.log):
            async with await self._client() as client:
                await type_of(self.job).call(client, "cancel", name=self.job)

    async def _client(self) -> Any:  # noqa: ANN401 - as above
        return await type_of(self.job).client(self._hook, self.job.split("/")[3])

    @cached_property
    def _hook(self) -> Any:  # noqa: ANN401 - as above
        from airflow.providers.google.cloud.hooks.vertex_ai.custom_job import (  # noqa: PLC0415 - takes 5 s
            CustomJobAsyncHook,
        )

        return CustomJobAsyncHook()
