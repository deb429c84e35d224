# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""For hand-written DAGs: a sensor for an asset of the registry, and a callback for a task that produces one."""

import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context
from msgspec.structs import replace

from dbt_scheduler.airflow.callback import resume_who_waits
from dbt_scheduler.airflow.compat import AirflowException, AirflowFailException, cron_of
from dbt_scheduler.airflow.waiting_sensor import WaitingSensor
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.printable import one_line, shown_url
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.spec import RESUME_DAG, DagSpec, Schedule, Sensor, registry_url_of

if TYPE_CHECKING:
    from dbt_scheduler.registry.entry import AssetKey, Entry
    from dbt_scheduler.waits.wait import NoProducer, Wait

_log = logging.getLogger(__name__)

REGISTRY_VARIABLE = "DBT_SCHEDULER_REGISTRY"
"""The environment variable with the registry's URL, for DAGs that do not set it."""

_EACH_MINUTE = "* * * * *"
"""The schedule of a DAG without a cron: its run waits for the newest period that has ended by then."""


class AssetSensor(WaitingSensor):
    """Waits, in a hand-written DAG, until an asset of the registry is ready for the period of the run.

    ``asset`` is a name, or ``team.name``; it is looked up when the task starts, so parsing the DAG needs no registry.
    ``grain`` is the calendar period that a run of a DAG with a cron covers (``day``). Without one, a run covers its
    data interval, and waits for the newest data that is due at its scheduled time. It waits for as long as the asset's
    SLO, or 12 hours if it has none; ``timeout`` overrides both.
    """

    def __init__(  # noqa: PLR0913 - each is an argument that a DAG's default_args may set
        self,
        *,
        asset: str,
        registry: str | None = None,
        grain: str | None = None,
        timeout: timedelta | float | None = None,
        poke_interval: timedelta | float = 300,
        retries: int = 3,
        retry_delay: timedelta = timedelta(minutes=1),
        **kwargs: Any,
    ) -> None:
        super().__init__(
            poke_interval=poke_interval,
            timeout=timedelta(hours=12) if timeout is None else timeout,
            mode="reschedule",  # otherwise, the scheduler would start a rescheduled sensor again at once
            retries=retries,
            retry_delay=retry_delay,
            **kwargs,
        )
        self._asset = asset
        self._registry = registry
        self._grain = grain
        self._is_timeout_given = timeout is not None

    def _find_wait(self, context: Context) -> "Wait | NoProducer":
        # Imports that parsing DAGs does not need.
        from dbt_scheduler.registry.producer import producer_of  # noqa: PLC0415
        from dbt_scheduler.waits.wait import Wait  # noqa: PLC0415

        url = _url(self._registry, self.dag.fileloc)
        entry, key = _find_entry(self._asset, url)
        schedule = self._schedule()
        producer = producer_of(entry, entry.produced[key.asset], "", schedule, own=False)
        if self._is_timeout_given:
            producer = replace(producer, slo_seconds=None)
        self._wait = Sensor(
            task_id=self.task_id,
            group="",
            dependency="hard",
            team=key.team,
            asset=key.asset,
            producer=producer,
            wait_timeout_seconds=round(self.timeout),
            poll_seconds=round(self.poke_interval),
        )
        return Wait("", self.dag_id, self.task_id, schedule, key, producer, external=True)

    def _schedule(self) -> Schedule:
        """The DAG's schedule; every minute if it has none that can be aligned.

        Raises AirflowFailException if the grain does not fit the schedule.
        """
        from dbt_scheduler.schedule import alignment_problems, unreadable_part  # noqa: PLC0415

        cron, timezone = cron_of(self.dag.timetable) or (_EACH_MINUTE, "UTC")
        schedule = Schedule(cron, timezone, self._grain)
        if self._grain is None:
            return Schedule(_EACH_MINUTE) if unreadable_part(schedule) else schedule
        problems = alignment_problems(schedule)
        if problems:
            raise AirflowFailException(f'grain "{self._grain}" does not fit the DAG: {problems[0]}')
        return schedule


def resume_consumers(
    asset: str,
    *,
    registry: str | None = None,
    airflow_connection: str = "dbt_scheduler_airflow",
    alerts: tuple[str, str] = ("log", ""),
) -> Callable[[Context], None]:
    """An ``on_success_callback`` for a hand-written task that produces ``team.name``: waiting runs resume at once.

    ``airflow_connection`` is that of Airflow's own API; ``alerts`` are the transport and its connection, as in
    platform.yaml, for messages to the resumed teams. The callback never raises; ValueError here if ``asset`` has no
    team.
    """
    team, _, name = asset.partition(".")
    if not name:
        raise ValueError(f'resume_consumers requires an asset in the form "team.asset", not "{asset}"')

    def find(context: Context) -> "tuple[DagSpec, dict[str, Entry]] | None":
        # Imports that parsing DAGs does not need.
        from dbt_scheduler.airflow.registry import read_entries  # noqa: PLC0415
        from dbt_scheduler.registry.producer import producer_in  # noqa: PLC0415

        task: Any = context["task"]
        url = _url(registry, task.dag.fileloc)
        entries = read_entries(url)
        made = entries[team].produced.get(name) if team in entries else None
        if made is None:
            said = "The registry %s has no entry for %s: publish it, so that its consumers are resumed."
            _log.warning(said, shown_url(url), asset)
            return None
        producer = producer_in(entries[team], made, made.pipeline)
        if (task.dag_id, task.task_id) != (producer.dag_id, producer.task_id):
            raise ValueError(
                f"{asset} is produced by {producer.dag_id} {producer.task_id}, not by this task."
            )
        spec = DagSpec(
            dag_id=producer.dag_id,
            team=team,
            pipeline=producer.pipeline,
            doc="",
            tags=(),
            channel=None,
            alert_tags=(),
            alert_channel=alerts[0],
            alert_connection=alerts[1],
            airflow_connection=airflow_connection,
            schedule=producer.schedule,
            catchup=False,
            max_active_runs=1,
            resume_dag=entries[team].dag_prefix.removesuffix(team) + RESUME_DAG,
            registry_url=url,
            sensors=(),
            tasks=(),
        )
        return spec, entries

    return resume_who_waits((name,), find)


def _find_entry(asset: str, url: str) -> "tuple[Entry, AssetKey]":
    """The entry of the team that produces an asset, and the asset's key.

    Raises AirflowException if the registry cannot be read, or an unreadable entry may have the asset; otherwise
    AirflowFailException if it is not found.
    """
    from dbt_scheduler.airflow.registry import read_registry  # noqa: PLC0415
    from dbt_scheduler.registry.directory import Directory  # noqa: PLC0415
    from dbt_scheduler.registry.lookup.search import find_asset  # noqa: PLC0415

    try:
        reading = read_registry(url)
    except (RegistryUnreadableError, ValueError) as error:
        raise AirflowException(
            f"The registry {shown_url(url)} cannot be read: {one_line(str(error))}"
        ) from None
    try:
        key = find_asset(asset, Directory(reading.entries))
    except UsageError as error:
        # An entry that cannot be read now may have the asset, and be readable at the next try.
        refusal = AirflowException if reading.findings else AirflowFailException
        raise refusal(f"In the registry {shown_url(url)}, {error.message}: {error.hint}") from None
    entry = reading.entries[key.team]
    if not entry.produced[key.asset].exposed:
        whom = one_line(entry.contact.channel or f"team {key.team}")
        _log.warning(
            "%s does not expose %s, so it may change or be removed at any time: ask %s to expose it.",
            key.team,
            key,
            whom,
        )
    return entry, key


def _url(registry: str | None, fileloc: str) -> str:
    """The registry's URL: the DAG's argument, else the environment variable, else beside the folder of the DAG file."""
    return registry_url_of(registry or os.environ.get(REGISTRY_VARIABLE), Path(fileloc))
