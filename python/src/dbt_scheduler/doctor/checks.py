"""The checks of ``doctor``: each checks one part of a platform and changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from dbt_scheduler import __version__
from dbt_scheduler.airflow_api.answers import Dag, Run
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowForbiddenError
from dbt_scheduler.airflow_api.rights import ALL_DAGS, NEEDED, READ_DAGS, TRIGGER, Right
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.registry.store import RegistryContents
from dbt_scheduler.schedule.text import format_utc
from dbt_scheduler.spec import EXTERNAL_FORMAT_VERSION, FORMAT_VERSION
from dbt_scheduler.waits.wait import registered_waits

_OLDEST_AIRFLOW = (3, 1)
_LATE = timedelta(minutes=20)
"""A sweep is due every five minutes, and may take ten."""

_RUNS = 10
_MOST_NAMES = 5


_FORMATS = f"formats {FORMAT_VERSION} to {EXTERNAL_FORMAT_VERSION}"


class Diagnosis(msgspec.Struct, frozen=True):
    """The result for a part of the platform: whether it is ok (None: unknown), what was found, and how to fix it."""

    part: str
    ok: bool | None
    found: str
    fix: str = ""


def check_airflow(api: AirflowApi) -> Iterator[Diagnosis]:
    """Check Airflow's version, and whether its components are running."""
    version = api.version()
    old = _numbers(version) < _OLDEST_AIRFLOW
    yield Diagnosis(
        "airflow",
        not old,
        f"version {version} at {api.url}",
        "dbt-scheduler requires Airflow 3.1 or newer: upgrade Airflow" if old else "",
    )
    health = api.health()
    yield _component("scheduler", health.scheduler.alive, "runs do not start")
    yield _component(
        "triggerer", health.triggerer.alive, "sensors wait in reschedule mode, which uses more resources"
    )
    yield _component("dag-processor", health.dag_processor.alive, "changed DAG files are not parsed")


def _component(command: str, alive: bool, effect: str) -> Diagnosis:
    part = command.replace("-", " ")
    if alive:
        return Diagnosis(part, True, "alive")
    return Diagnosis(part, False, f"none is running: {effect}", f"start `airflow {command}`")


def check_rights(api: AirflowApi, contents: RegistryContents, resume_dag: str) -> Iterator[Diagnosis]:
    """Check the login's permissions on all DAGs, or else on each DAG with sensors."""
    dag_ids = sorted({wait.dag_id for wait in registered_waits(contents.entries)})
    missing = [
        *(text for right in NEEDED if (text := _refused(api, right, dag_ids))),
        *(text for right in (READ_DAGS, TRIGGER) if (text := _refused(api, right, [resume_dag]))),
    ]
    if not missing:
        yield Diagnosis(
            "rights",
            True,
            "the login has permission to read and edit DAG runs and task instances, and to trigger the sweep",
        )
    for text in dict.fromkeys(missing):
        yield Diagnosis(
            "rights",
            False,
            f"the login does not have {text}",
            "add the permission to its role; editing also requires can_edit on DAGs",
        )


def _refused(api: AirflowApi, right: Right, dag_ids: Sequence[str]) -> str:
    """The missing permission and the affected DAGs; empty if it is granted."""
    if api.has_right(right, ALL_DAGS):
        return ""
    refused = [dag_id for dag_id in dag_ids if not api.has_right(right, dag_id)]
    if not dag_ids or refused == list(dag_ids):
        return right.permission
    more = " ..." if len(refused) > _MOST_NAMES else ""
    return f"{right.permission} for {', '.join(refused[:_MOST_NAMES])}{more}" if refused else ""


def check_pools(api: AirflowApi, needed: Mapping[str, int | None]) -> Iterator[Diagnosis]:
    """Check that the pools of all tasks exist with the expected slots; None means any number."""
    make = "run `dbt-scheduler pools > pools.json` and `airflow pools import pools.json`"
    wrong = []
    for name, slots in sorted(needed.items()):
        try:
            pool = api.pool(name)
        except AirflowForbiddenError:
            yield Diagnosis(
                "pools",
                None,
                "the login is not allowed to read pools",
                "add can_read on Pools to its role",
            )
            return
        if pool is None:
            wrong.append(f"{name} does not exist, so its tasks never start")
        elif slots not in (None, pool.slots):
            wrong.append(f"{name} has {format_count(pool.slots, 'slot')} instead of {slots}")
    if not wrong:
        yield Diagnosis("pools", True, f"{format_count(len(needed), 'pool')} used by tasks")
    for text in wrong:
        yield Diagnosis("pools", False, text, make)


def check_sweep(api: AirflowApi, resume_dag: str, now: datetime) -> Iterator[Diagnosis]:
    """Check that the sweep's DAG is deployed and running."""
    try:
        wrong = _undeployed(api.dag(resume_dag), resume_dag)
        run = next((run for run in api.newest_runs(resume_dag, _RUNS) if run.over), None)
    except AirflowForbiddenError:
        yield Diagnosis(
            "sweep", None, f"the login is not allowed to read {resume_dag}", "check its permissions"
        )
        return
    if not wrong and run and run.state == "success" and now - run.run_after <= _LATE:
        yield Diagnosis("sweep", True, f"its last run ({format_utc(run.run_after)} UTC) succeeded")
    else:
        yield Diagnosis("sweep", False, *(wrong or _badly_run(run, resume_dag)))


def _undeployed(dag: Dag | None, dag_id: str) -> tuple[str, str] | None:
    """Why the sweep cannot run, and how to fix it; None if it can."""
    if dag is None or dag.is_stale:
        return f"{dag_id} is not deployed", "deploy all files in the folder dags/ that `compile` wrote"
    if dag.has_import_errors:
        return f"{dag_id} has an import error", "see the error in Airflow's list of DAGs"
    if dag.is_paused:
        return f"{dag_id} is paused", f"run `airflow dags unpause {dag_id}`"
    return None


def _badly_run(last: Run | None, dag_id: str) -> tuple[str, str]:
    """The problem with its last finished run, and how to fix it."""
    if last is None:
        return f"{dag_id} has not run yet", "wait five minutes and check again"
    at = f"{format_utc(last.run_after)} UTC"
    if last.state == "failed":
        return f"its last run ({at}) failed", f"see the log of {dag_id} {last.run_id}"
    return f"its last run was at {at}", (
        "it should run every five minutes: check the scheduler and its executor"
    )


def check_registry(contents: RegistryContents) -> Iterator[Diagnosis]:
    """Check that all registry entries are readable."""
    for finding in contents.findings:
        yield Diagnosis("registry", False, f"{finding.path}: {finding.message}", finding.hint)
    if contents.findings:
        return
    if contents.entries:
        yield Diagnosis("registry", True, f"{format_count(len(contents.entries), 'team')}")
    else:
        yield Diagnosis(
            "registry",
            False,
            "it contains no teams",
            "run `dbt-scheduler publish`, or set --registry",
        )


def check_specs(count: int, damaged: Sequence[tuple[str, str]]) -> Iterator[Diagnosis]:
    """Check that this release supports the compiled specs; ``damaged``: message and hint for each that it does not."""
    for problem, hint in damaged:
        yield Diagnosis("specs", False, problem, hint)
    if not damaged:
        yield Diagnosis(
            "specs",
            True,
            f"{format_count(count, 'spec')}, supported by dbt-scheduler {__version__} ({_FORMATS})",
        )


def _numbers(version: str) -> tuple[int, ...]:
    """The major and minor version; empty if it cannot be parsed."""
    numbers = version.split(".")[:2]
    return tuple(int(each) for each in numbers) if all(each.isdigit() for each in numbers) else ()
