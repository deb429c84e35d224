"""``rerun``: runs a task again, and the downstream tasks in other teams that used its data."""

import sys
from collections.abc import Iterator
from typing import Any

import click

from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.cli.airflow_session import open_airflow, session_options
from dbt_scheduler.cli.confirm import confirm, dry_run_option, yes_option
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import lines
from dbt_scheduler.operations.rerun import Rerun, RerunPlan, carry_out, plan_rerun

_BUDGET_SECONDS = 300


@click.command(
    epilog=examples(
        "rerun shipping_daily marts.fct_shipments --run scheduled__2025-09-09T00:10:00+00:00 --downstream"
    )
)
@click.argument("dag_id")
@click.argument("task_id")
@click.option("--run", "run_id", metavar="RUN_ID", required=True, help="The run_id of the DAG run.")
@click.option(
    "--downstream",
    is_flag=True,
    help="Also rerun all downstream tasks, in this DAG and in runs of other DAGs that used the data.",
)
@dry_run_option
@yes_option
@session_options
def rerun(  # noqa: PLR0913 - click passes each option
    dag_id: str,
    task_id: str,
    run_id: str,
    *,
    downstream: bool,
    dry_run: bool,
    yes: bool,
    **options: Any,  # noqa: ANN401 - from click
) -> None:
    """Rerun a task of a DAG run, after showing a plan.

    Runs of consumers that are still waiting are not cleared: they read the new data anyway.
    """
    with open_airflow(_BUDGET_SECONDS, **options) as (api, registry):
        plan = plan_rerun(api, registry.entries, (dag_id, run_id, task_id), downstream=downstream)
        sys.stdout.write(lines(line for each in plan.runs for line in _lines(each)))
        sys.stdout.write(lines(_paused(api, plan)))
        count = format_count(sum(len(each.tasks) for each in plan.runs), "task")
        question = f"Rerun {count} of {format_count(len(plan.runs), 'run')}?"
        if dry_run:
            return
        if yes and downstream and registry.unreadable:
            raise UsageError(
                f"nothing was changed: registry entries cannot be read ({', '.join(sorted(registry.unreadable))}), "
                "so the plan may lack runs that used the data",
                "leave out --yes to confirm the plan as it is, or leave out --downstream",
            )
        if not confirm(question, yes=yes):
            return
        api.allow(_BUDGET_SECONDS)
        for each in carry_out(api, plan, downstream=downstream):
            sys.stdout.write(lines([f"{' '.join(each.key)} cleared"]))


def _paused(api: AirflowApi, plan: RerunPlan) -> Iterator[str]:
    for dag_id in dict.fromkeys(each.key.dag_id for each in plan.runs):
        dag = api.dag(dag_id)
        if dag and dag.is_paused:
            yield f"{dag_id} is paused: its tasks start when it is unpaused"


def _lines(rerun: Rerun) -> list[str]:
    because = f", which used {rerun.asset}" if rerun.asset else ""
    return [
        f"{' '.join(rerun.key)}{f' of team {rerun.team}' if rerun.team else ''}{because}:",
        *(f"  {each.task_id} ({each.state or 'not yet run'})" for each in rerun.tasks),
    ]
