"""``explain``: explains why a task did or did not run."""

from datetime import UTC, datetime
from pathlib import Path

import click

from dbt_scheduler.cli.airflow_options import BUDGET_SECONDS, airflow_options, connection, open_api
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.output import Output, as_json
from dbt_scheduler.cli.shared import exit_on_error, out_option, print_warnings
from dbt_scheduler.explain.chain import Explainer
from dbt_scheduler.explain.compiled import CompiledDags, known
from dbt_scheduler.explain.steps import Step
from dbt_scheduler.explain.text import render
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.output import DeployedDags
from dbt_scheduler.spec import DagSpec

_OUTPUT = Output[Step]({"text": render, "json": lambda step: as_json(step, in_order=True)})


@click.command(
    epilog=examples("explain shop_daily marts.fct_orders", "explain shop_daily fct_orders --run 2025-09-09")
)
@click.argument("dag_id")
@click.argument("task_id")
@click.option(
    "--run",
    metavar="RUN_ID|DATE",
    help="A run_id, a logical date, or the day or time at which the data interval starts. "
    "Default: the latest run.",
)
@out_option
@click.option(
    "--registry", metavar="URL", help="The URL of the registry. Default: the one that the DAG uses."
)
@airflow_options
@_OUTPUT.option
def explain(  # noqa: PLR0913, PLR0917 - click passes each option
    dag_id: str,
    task_id: str,
    run: str | None,
    out: Path | None,
    registry: str | None,
    airflow: str | None,
    login: str | None,
    password_file: Path | None,
    style: str,
) -> None:
    """Explain why a task did or did not run: the chain of waits up to the root cause, with its owner.

    Calls Airflow's API, and reads the compiled DAGs of all teams.
    """
    with exit_on_error():
        deployed = DeployedDags(out, registry)
        spec = deployed.spec(dag_id)
        task = _task_id(spec, task_id)
        where = connection(spec.airflow_connection, airflow, login, password_file)
        with open_api(where, BUDGET_SECONDS) as api:
            explainer = Explainer(CompiledDags(deployed), api, datetime.now(UTC))
            step = explainer.explain(known(spec), task, run)
        print_warnings(deployed.warnings)
        _OUTPUT.show(style, step)


def _task_id(spec: DagSpec, wanted: str) -> str:
    """The task_id of a task or sensor, from the full id or from its name without the group, if that is unique.

    Raises:
        UsageError: not found, or several have this name.

    """
    tasks, sensors = [task.task_id for task in spec.tasks], [sensor.task_id for sensor in spec.sensors]
    ids = [*tasks, *sensors]
    if wanted in ids:
        return wanted
    # A task takes precedence over a sensor: both may have the name of the asset.
    named = [each for each in tasks if _name(each) == wanted] or [
        each for each in sensors if _name(each) == wanted
    ]
    if len(named) == 1:
        return named[0]
    hint = (
        f"tasks with this name: {', '.join(named)}"
        if named
        else did_you_mean(wanted, {*ids, *map(_name, ids)})
    )
    raise UsageError(f'task "{wanted}" not found in {spec.dag_id}', hint)


def _name(task_id: str) -> str:
    return task_id.rpartition(".")[2]
