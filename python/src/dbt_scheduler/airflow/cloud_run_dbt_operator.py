# ruff: noqa: ANN401 - Google's clients have no types here
"""The operator that runs dbt in a Cloud Run job."""

import copy
import re
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from airflow.sdk import Context
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from dbt_scheduler.airflow.cloud_run_operator import CloudRunOperator
from dbt_scheduler.airflow.cloud_run_trigger import problem
from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.dbt_tasks.image_runs import ImageRun, image_run
from dbt_scheduler.airflow.dbt_tasks.runs import DBT_FIELDS, DbtRuns
from dbt_scheduler.airflow.google_cloud.cloud_run_results import JobFiles, with_bucket
from dbt_scheduler.airflow.google_cloud.logs import show_log
from dbt_scheduler.airflow.google_cloud.polls import PASSING, POLL_SECONDS
from dbt_scheduler.airflow.operators import TAIL_LINES, Ended
from dbt_scheduler.airflow.task_digest import task_digest


class CloudRunDbtOperator(DbtRuns, CloudRunOperator):
    """Runs dbt in a job, whose image has the project in its working directory; from slices, if it has some.

    The worker waits for the job: dbt's results decide what comes next, and one task may need two jobs.
    """

    template_fields: Sequence[str] = (*CloudRunOperator.template_fields, "bucket", *DBT_FIELDS)

    def __init__(self, *, bucket: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self._waiting = False

    def pre_execute(self, context: Context) -> None:
        """Skip the task unless the run includes it; otherwise keep the job's command and variables for dbt."""
        super().pre_execute(context)
        self._digest = task_digest(context)
        self._given = self.job
        (container,) = self.job["template"]["template"]["containers"]
        self.command = container["command"]
        self.env = {each["name"]: each["value"] for each in container["env"] if "value" in each}

    def on_kill(self) -> None:
        """Called by a signal during ``execute``: cancel the job, and start no other."""
        super().on_kill()
        if self._waiting:
            raise AirflowException("The task was stopped, and its job was cancelled.")

    def _run(
        self, command: list[str], watched: re.Pattern[str] | None = None, env: Mapping[str, str] | None = None
    ) -> Ended:
        """Run a command in a job until it finishes, and search its output for a pattern.

        Raises AirflowException if Cloud Run cannot run it, or its result is unknown.
        """
        run = image_run(self.command, command, self.env if env is None else env)
        self.job = self._job_of(run)
        self._waiting = True
        try:
            self._files.put(run)
            execution = self._ended(self.started(self._digest).execution)
            return self._outcome(execution, run, watched)
        except (GoogleAPIError, GoogleAuthError, OSError, ValueError) as error:
            raise AirflowException(f"Cloud Run could not run {command[0]}: {error}") from None
        finally:
            self._waiting = False
            self._end_jobs(self._digest)
            self._clear(run)

    def _job_of(self, run: ImageRun) -> dict[str, Any]:
        job = copy.deepcopy(self._given)
        task = job["template"]["template"]
        (container,) = task["containers"]
        secrets = [each for each in container["env"] if "value" not in each]
        container["env"] = [*({"name": name, "value": value} for name, value in run.env.items()), *secrets]
        container["command"] = ["sh", "-c", self._files.script(run), run.runner, *run.words]
        with_bucket(task, self.bucket)
        return job

    def _ended(self, execution: str) -> Any:
        """Wait for the end of the execution with this name, and return it."""
        with self._client("ExecutionsClient") as executions:
            while True:
                try:
                    found = executions.get_execution(name=execution)
                    if found.completion_time:
                        return found
                except PASSING as error:
                    self.log.warning("Cloud Run did not respond, retrying in %s s: %s", POLL_SECONDS, error)
                time.sleep(POLL_SECONDS)

    def _outcome(self, execution: Any, run: ImageRun, watched: re.Pattern[str] | None) -> Ended:
        failure = problem(execution)
        lines = self._files.take(run)
        if lines is None:
            show_log(self.log_filter(execution.name), execution.name.split("/")[1], self.log)
            raise AirflowException(self.explained(execution.name, failure or "dbt wrote no results"))
        for line in lines:
            self.log.info("%s", line)
        code = self.exit_code(execution.name) if failure else 0
        if code is None:
            raise AirflowException(failure)
        seen = next((found for line in lines if watched and (found := watched.search(line))), None)
        return Ended(self.command[0], code, tuple(lines[-TAIL_LINES:]), seen)

    def _clear(self, run: ImageRun) -> None:
        try:
            self._files.clear(run)
        except (GoogleAPIError, GoogleAuthError, OSError) as error:
            self.log.warning("The job's files in gs://%s could not be deleted: %s", self.bucket, error)
        finally:
            self._files.close()

    @cached_property
    def _files(self) -> JobFiles:
        from google.cloud.storage import Client  # noqa: PLC0415 - not needed for parsing DAGs

        client = Client(project=self.project, credentials=self.hook.get_credentials())
        return JobFiles(client.bucket(self.bucket), self._digest)
