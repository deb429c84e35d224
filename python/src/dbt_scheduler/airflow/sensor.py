# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The sensor: waits until another DAG's task has made an asset, for the period that the run needs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout

from dbt_scheduler.airflow.intervals import run_interval_of
from dbt_scheduler.airflow.links import ProducerRunLink
from dbt_scheduler.airflow.producers import NoProducerError, find_producer, registry_url
from dbt_scheduler.airflow.runs import Awaited, Sight, glance, look
from dbt_scheduler.airflow.trigger import AssetTrigger
from dbt_scheduler.pipelines import awaited, before_start
from dbt_scheduler.spec import DagSpec, Sensor

_SOFT = "soft"


class AssetSensor(ExternalTaskSensor):
    """Waits for one task of another DAG, in the run that the alignment of the two schedules names.

    It waits through failures of the producer, and until its timeout. A hard one fails then, a soft one goes
    on as a success with a note: never as skipped, because Airflow cannot mark a skipped sensor as satisfied
    later.
    """

    operator_extra_links = [ProducerRunLink()]  # noqa: RUF012 - Airflow's own way to say it

    def __init__(self, *, wait: Sensor, spec: DagSpec, **kwargs: Any) -> None:
        super().__init__(
            external_dag_id=wait.producer.dag_id,
            external_task_id=wait.producer.task_id,
            timeout=wait.wait_timeout_seconds,
            poke_interval=wait.poll_seconds,
            deferrable=True,
            **kwargs,
        )
        self._wait = wait
        self._spec = spec
        self.awaited: Awaited | None = None
        self.sight = Sight(done=False)

    def execute(self, context: Context) -> None:
        """Go on at once if the asset is there, else wait: in the triggerer, or here if not deferrable."""
        if self._needs_nothing(context):
            return
        if self.deferrable:
            self._look_or_defer(context, datetime.now(UTC) + timedelta(seconds=self.timeout))
            return
        try:
            super().execute(context)
        except AirflowSensorTimeout:
            self._time_is_up(context)
        else:
            self._say(context)

    def poke(self, context: Context) -> bool:
        """Whether the asset is there."""
        self.sight = look(self._run())
        return self.sight.done

    def execute_complete(
        self, context: Context, event: dict[str, Any] | None = None, until: str = ""
    ) -> None:
        """The producer's task has succeeded in some run: look whether it is one that counts."""
        self._look_or_defer(context, datetime.fromisoformat(until))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Back from the triggerer: because something happened, or because time is up."""
        if self._needs_nothing(context):
            return None
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout:
            if self.poke(context):  # it came between the last look and the timeout
                return self._say(context)
            return self._time_is_up(context)

    def _time_is_up(self, context: Context) -> None:
        text = f"{self._what()} was not there after {timedelta(seconds=self.timeout)}."
        if self._wait.dependency != _SOFT:
            raise AirflowSensorTimeout(text) from None
        self._note(context, f"{text} A soft dependency: going on without it.")

    def _look_or_defer(self, context: Context, until: datetime) -> None:
        seen = glance(self._run())  # before the look, so that nothing falls between the two
        if self.poke(context):
            self._say(context)
            return
        left = until - datetime.now(UTC)
        if left <= timedelta():
            raise AirflowSensorTimeout
        self.log.info("Waiting for %s, looking every %s s.", self._what(), self.poke_interval)
        self.defer(
            trigger=AssetTrigger.of(self._run(), seen, self.poke_interval),
            timeout=left,
            method_name="execute_complete",
            kwargs={"until": until.isoformat()},
        )

    def _needs_nothing(self, context: Context) -> bool:
        """Work out what to wait for; true when there is nothing, and a note says why."""
        stub = Path(self.dag.fileloc)
        try:
            producer = find_producer(self._wait, self._spec, registry_url(self._spec, stub))
        except NoProducerError as error:
            if self._wait.dependency != _SOFT:
                raise AirflowFailException(str(error)) from None
            self._note(context, f"{error} A soft dependency: going on without it.")
            return True
        interval = awaited(
            self._spec.schedule, run_interval_of(context, self._spec.schedule), producer.schedule
        )
        self.awaited = Awaited(producer.dag_id, producer.task_id, producer.schedule, interval)
        self.external_dag_id, self.external_task_id = producer.dag_id, producer.task_id
        if before_start(producer.schedule, interval):
            self._note(context, f"{self._what()} is before the producer's start date: nothing to wait for.")
            return True
        return False

    def _run(self) -> Awaited:
        if self.awaited is None:
            raise RuntimeError("the sensor looked before it knew what to look for")
        return self.awaited

    def _what(self) -> str:
        """The awaited thing in words."""
        run = self._run()
        return (
            f"{self._wait.team}.{self._wait.asset} ({run.dag_id}, {run.task_id}, "
            f"{run.interval.start:%Y-%m-%d %H:%M} to {run.interval.end:%Y-%m-%d %H:%M} UTC)"
        )

    def _say(self, context: Context) -> None:
        self.log.info("%s is there.", self._what())
        if self.sight.note:
            self._note(context, self.sight.note)

    def _note(self, context: Context, text: str) -> None:
        """Tell people: in the log, and as an XCom, because a worker cannot set a task instance's note."""
        self.log.warning(text)
        context["ti"].xcom_push(key="note", value=text)
