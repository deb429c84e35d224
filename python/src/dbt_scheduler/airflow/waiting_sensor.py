# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""Common behavior of all sensors: wait until another DAG's task has produced an asset for the run's period."""

from abc import abstractmethod
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, Context

from dbt_scheduler.airflow.compat import AirflowRescheduleException, AirflowSensorTimeout
from dbt_scheduler.airflow.deadlines import first_start
from dbt_scheduler.airflow.execution_api import fetch_runs, newest_period, read_producer_state
from dbt_scheduler.airflow.links import ProducerRunLink
from dbt_scheduler.airflow.producer_gone import ProducerGoneError
from dbt_scheduler.airflow.trigger import AssetTrigger
from dbt_scheduler.airflow.triggerer import triggerer_is_missing
from dbt_scheduler.schedule.text import format_utc
from dbt_scheduler.spec import Producer, Sensor
from dbt_scheduler.waits.deadline import patience_seconds, wait_deadline
from dbt_scheduler.waits.decision import AwaitedRun, Decision, Reason, Status, awaited_by, decide
from dbt_scheduler.waits.run_interval import SCHEDULED

if TYPE_CHECKING:
    from dbt_scheduler.waits.wait import NoProducer, Wait

_SOFT = "soft"


class WaitingSensor(BaseSensorOperator):
    """Waits for one task of another DAG, in the run that the alignment of the two schedules determines.

    A failure of the producer does not end the wait. After the deadline, a hard dependency fails the sensor; with a soft
    one, it succeeds with a note. It is never skipped, because Airflow cannot mark a skipped sensor as success later.

    It waits in the triggerer, or, if no triggerer is running, in reschedule mode. The deadline is calculated when it
    starts, and kept while it is deferred.
    """

    template_fields = []  # noqa: RUF012 - as in Airflow; texts of a registry are not templates
    operator_extra_links = [ProducerRunLink()]  # noqa: RUF012 - as in Airflow

    _wait: Sensor
    _producer: Producer | None = None
    awaited: AwaitedRun | None = None
    decision = Decision(Reason.NO_RUN)

    @abstractmethod
    def _find_wait(self, context: Context) -> "Wait | NoProducer":
        """The producer that the sensor currently waits for; also sets ``_wait``."""

    def execute(self, context: Context) -> None:
        """Succeed if the asset is ready, else wait.

        Raises AirflowSensorTimeout for a hard dependency after the deadline, and ProducerGoneError.
        """
        if self._has_nothing_to_wait_for(context):
            return
        try:
            self._poke_or_defer(context, self._deadline(context))
        except AirflowSensorTimeout:
            self._give_up(context)

    def poke(self, context: Context) -> bool:
        """Whether the asset is ready."""
        self.decision = decide(self._run(), fetch_runs(self._run()))
        return self.decision.status is Status.DONE

    def execute_complete(
        self, context: Context, event: dict[str, Any] | None = None, until: str = ""
    ) -> None:
        """Called when the task may have succeeded in some run: check whether that ends the wait."""
        self._poke_or_defer(context, datetime.fromisoformat(until))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume after the trigger fired, or after the timeout."""
        if self._has_nothing_to_wait_for(context):
            return None
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout:
            if self.poke(context):  # ready between the last check and the timeout
                return self._log_arrival(context)
            return self._give_up(context)

    def _give_up(self, context: Context) -> None:
        text = f"{self._description()} was not ready {self._waited_text()}."
        if self._run().backfilled and self.decision.reason is Reason.NO_RUN:
            text += (
                f" A backfilled run does not use data from a newer period: backfill {self._run().dag_id} too."
            )
        if self._wait.dependency != _SOFT:
            raise AirflowSensorTimeout(text) from None
        self._note(context, f"{text} The dependency is soft: continuing without it. {self._data_age()}")

    def _poke_or_defer(self, context: Context, until: datetime) -> None:
        seen = read_producer_state(self._run())  # before the check, so that no change is missed in between
        if self.poke(context):
            self._log_arrival(context)
            return
        now = datetime.now(UTC)
        if until <= now:
            raise AirflowSensorTimeout
        self.log.info(
            "Waiting for %s until %s UTC, checking every %s s.",
            self._description(),
            format_utc(until),
            self.poke_interval,
        )
        if triggerer_is_missing():
            self.log.info("No triggerer is running: rescheduling this sensor for the next check.")
            again = min(until, now + timedelta(seconds=self.poke_interval))
            raise AirflowRescheduleException(again)  # type: ignore[no-untyped-call]
        self.defer(
            trigger=AssetTrigger.of(self._run(), seen, self.poke_interval),
            timeout=until - now,
            method_name="execute_complete",
            kwargs={"until": until.isoformat()},
        )

    def _deadline(self, context: Context) -> datetime:
        return wait_deadline(
            self._wait.wait_timeout_seconds,
            self._known_producer(),
            self._run().interval,
            first_start(context),
        )

    def _waited_text(self) -> str:
        producer = self._known_producer()
        what = "within the wait timeout" if producer.slo_seconds is None else "by its SLO"
        return f"{what} of {timedelta(seconds=patience_seconds(self._wait.wait_timeout_seconds, producer))}"

    def _data_age(self) -> str:
        """The age of the data that a soft dependency continues with."""
        run = self._run()
        newest = newest_period(run)
        if newest is None:
            return f"No successful run of {run.task_id} in {run.dag_id} was found."
        ago = timedelta(minutes=(datetime.now(UTC) - newest.end) // timedelta(minutes=1))
        newest_period_utc = f"{format_utc(newest.start)} to {format_utc(newest.end)} UTC"
        return f"The latest data is from the period {newest_period_utc}, which ended {ago} ago."

    def _has_nothing_to_wait_for(self, context: Context) -> bool:
        """Find the awaited run; True if there is nothing to wait for, which is noted. Raises ProducerGoneError."""
        from dbt_scheduler.waits.wait import NoProducer  # noqa: PLC0415 - not needed for parsing DAGs

        wait = self._find_wait(context)
        if isinstance(wait, NoProducer):
            if self._wait.dependency != _SOFT:
                raise ProducerGoneError(wait.reason)
            self._note(context, f"{wait.reason} The dependency is soft: continuing without it.")
            return True
        self._producer = wait.producer
        self.awaited = awaited_by(wait, context["dag_run"])
        if decide(self.awaited, ()).reason is Reason.BEFORE_START:
            self._note(context, f"{self._description()} is before the producer's start date: not waiting.")
            return True
        return False

    def _run(self) -> AwaitedRun:
        if self.awaited is None:
            raise RuntimeError("the sensor has no awaited run yet")
        return self.awaited

    def _known_producer(self) -> Producer:
        if self._producer is None:
            raise RuntimeError("the sensor has no producer yet")
        return self._producer

    def _description(self) -> str:
        """A description of the awaited asset and run."""
        run = self._run()
        return (
            f"{self._wait.team}.{self._wait.asset} ({run.dag_id}, {run.task_id}, "
            f"{run.interval.start:%Y-%m-%d %H:%M} to {run.interval.end:%Y-%m-%d %H:%M} UTC)"
        )

    def _log_arrival(self, context: Context) -> None:
        self.log.info("%s is ready.", self._description())
        if note := self._arrival_note():
            self._note(context, note)

    def _arrival_note(self) -> str:
        """A note if the run that ended the wait is not the scheduled one; else empty."""
        awaited, run = self._run(), self.decision.run
        if run is None or (self.decision.reason is Reason.SAME_PERIOD and run.run_type in SCHEDULED):
            return ""
        if self.decision.reason is Reason.SAME_PERIOD:
            return f"Produced by run {run.run_id} for the same period."
        return (
            f"{awaited.dag_id} never ran {awaited.task_id} for {format_utc(awaited.interval.start)} "
            f"(UTC), but its newer run {run.run_id} has succeeded."
        )

    def _note(self, context: Context, text: str) -> None:
        """Log a note, and store it as an XCom, because a worker cannot set a task instance's note."""
        self.log.warning(text)
        context["ti"].xcom_push(key="note", value=text)
