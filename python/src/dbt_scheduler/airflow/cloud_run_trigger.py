# ruff: noqa: ANN401 - Google's clients have no types here
"""The trigger that waits for the end of an execution of a Cloud Run job."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from google.api_core.exceptions import GoogleAPIError

from dbt_scheduler.airflow.google_cloud.polls import PASSING, POLL_SECONDS, ended, may_have_ended


class CloudRunTrigger(BaseTrigger):
    """Fires when the execution with this name has finished. It is cancelled if its task is cleared or its state set."""

    def __init__(self, *, execution: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.execution = execution

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class path, and the arguments to recreate this trigger."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"execution": self.execution}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yields one event: ``error`` is None if the execution succeeded."""
        async with await _client("ExecutionsAsyncClient") as client:
            error = await self._error(client)
        yield ended(self.execution, error)

    async def _error(self, client: Any) -> str | None:
        """Wait for the end of the execution; returns its error, None if it succeeded."""
        while True:
            try:
                execution = await client.get_execution(name=self.execution)
            except PASSING as error:
                self.log.warning("Cloud Run did not respond, retrying in %s s: %s", POLL_SECONDS, error)
            except GoogleAPIError as error:
                return f"The state of the Cloud Run execution {self.execution} is unknown: {error}"
            else:
                if execution.completion_time:
                    return problem(execution)
            await asyncio.sleep(POLL_SECONDS)

    async def on_kill(self) -> None:
        """The deferred task was cleared or its state was set: cancel the execution and delete the job."""
        self.log.info("Cancelling %s", self.execution)
        with may_have_ended(self.log):
            async with await _client("ExecutionsAsyncClient") as executions:
                cancelled = await executions.cancel_execution(name=self.execution)
                await cancelled.result()
        job, _, _ = self.execution.partition("/executions/")
        async with await _client("JobsAsyncClient") as jobs:
            await jobs.delete_job(name=job)


async def _client(name: str) -> Any:
    from airflow.providers.google.cloud.hooks.cloud_run import (  # noqa: PLC0415 - not needed for parsing DAGs
        CloudRunAsyncHook,
    )
    from google.cloud import run_v2  # noqa: PLC0415 - as above

    hook = await CloudRunAsyncHook().get_sync_hook()
    options = {"credentials": hook.get_credentials(), "client_options": hook.get_client_options()}
    return getattr(run_v2, name)(**options)


def problem(execution: Any) -> str | None:
    """The error of a finished execution; None if it succeeded."""
    if execution.succeeded_count == execution.task_count:
        return None
    state = "was cancelled" if execution.cancelled_count else "failed"
    said = [each.message for each in execution.conditions if each.type_ == "Completed" and each.message]
    return f"The Cloud Run execution {execution.name} {state}: {' '.join(said) or 'no message'}"
