"""``doctor``: checks Airflow, the registry and the deployed DAGs."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from dbt_scheduler.cli.airflow_options import BUDGET_SECONDS, airflow_options, connection, open_api
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.output import Output, as_json
from dbt_scheduler.cli.session import Options, read_platform, read_registry
from dbt_scheduler.cli.shared import exit_on_error, out_option, registry_options
from dbt_scheduler.config.types import PlatformConfig
from dbt_scheduler.doctor.checks import (
    Diagnosis,
    check_airflow,
    check_pools,
    check_registry,
    check_rights,
    check_specs,
    check_sweep,
)
from dbt_scheduler.findings.finding import CannotRunError, UsageError
from dbt_scheduler.findings.printable import lines
from dbt_scheduler.output import DeployedDags, pool_slots
from dbt_scheduler.registry.store import RegistryContents
from dbt_scheduler.spec import RESUME_DAG, DagSpec

_WORDS = {True: "ok", False: "not ok", None: "unknown"}


def _line(check: Diagnosis) -> str:
    return f"{_WORDS[check.ok]:8}{check.part}: {check.found}{f'. To fix: {check.fix}' if check.fix else ''}"


_OUTPUT = Output[list[Diagnosis]](
    {"text": lambda checks: lines(map(_line, checks)), "json": lambda checks: as_json(checks, in_order=True)}
)


@click.command(epilog=examples("doctor --out out", "doctor --airflow https://airflow.example.com --login me"))
@out_option
@airflow_options
@registry_options
@_OUTPUT.option
def doctor(  # noqa: PLR0913, PLR0917 - click passes each option
    out: Path | None,
    airflow: str | None,
    login: str | None,
    password_file: Path | None,
    platform: Path | None,
    registry: str | None,
    style: str,
) -> None:
    """Check the platform, and show how to fix each problem.

    The command calls Airflow's API, reads the registry and the compiled DAGs, and changes nothing. Exit code
    1: a check failed; 2: Airflow cannot be reached.
    """
    with exit_on_error():
        config, _ = read_platform([Path()], Options(platform=platform))
        where = connection(config.airflow_connection, airflow, login, password_file)
        with open_api(where, BUDGET_SECONDS) as api:
            checks = [*check_airflow(api)]
            deployed, problem = _deployed(out)
            contents, registry_checks = _registry(config, Options(registry=registry, out=_beside(deployed)))
            sweep = config.dag_prefix + RESUME_DAG
            checks += [*check_rights(api, contents, sweep), *check_sweep(api, sweep, datetime.now(UTC))]
            checks += registry_checks
            if deployed is None:
                checks += [Diagnosis(part, None, *problem) for part in ("specs", "pools")]
            else:
                specs, damaged = _specs(deployed)
                checks += [
                    *check_specs(len(specs), damaged),
                    *check_pools(api, pool_slots(specs, config.pools)),
                ]
    _OUTPUT.show(style, checks)
    if any(check.ok is False for check in checks):
        sys.exit(1)


def _deployed(out: Path | None) -> tuple[DeployedDags | None, tuple[str, str]]:
    """The compiled DAGs, or None with the problem and how to fix it."""
    try:
        return DeployedDags(out), ("", "")
    except UsageError as error:
        return None, (error.message, error.hint)


def _beside(deployed: DeployedDags | None) -> Path | None:
    return deployed.dags.parent if deployed else None


def _registry(config: PlatformConfig, options: Options) -> tuple[RegistryContents, list[Diagnosis]]:
    try:
        contents = read_registry(config, options)
    except CannotRunError as error:
        return RegistryContents({}, ()), [
            Diagnosis("registry", False, each.message, each.hint) for each in error.findings
        ]
    return contents, [*check_registry(contents)]


def _specs(deployed: DeployedDags) -> tuple[list[DagSpec], list[tuple[str, str]]]:
    """All readable specs, and for each unreadable one the problem and how to fix it."""
    specs, damaged = [], []
    for dag_id in deployed.dag_ids():
        try:
            specs.append(deployed.spec(dag_id))
        except CannotRunError as error:
            damaged += [(f"{each.place}: {each.message}", each.hint) for each in error.findings]
    return specs, damaged
