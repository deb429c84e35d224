"""Runs a task's command as a process on the Airflow worker itself."""

from dbt_scheduler.kinds.job import Job, Operator, Place


def run(job: Job, place: Place) -> Operator:
    """The command, its folder and its environment; an image means nothing to a local process."""
    arguments: dict[str, object] = {"command": list(job.command), "cwd": job.cwd, "env": dict(job.env)}
    if place.environment:
        arguments["pass_env"] = list(place.environment)
    return Operator("dbt_scheduler.airflow.operators.CommandOperator", arguments)


def run_dbt(job: Job, place: Place) -> Operator:
    """The same for a dbt command, which fails when it selects nothing."""
    arguments = dict(run(job, place).arguments)
    if job.table_check:
        arguments["table_check"] = list(job.table_check)
    if job.project_hooks:
        arguments["project_hooks"] = job.project_hooks
    if job.keep_results:
        arguments["keep_results"] = True
    if job.results_of:
        arguments["results_of"] = list(job.results_of)
    return Operator("dbt_scheduler.airflow.dbt_operator.DbtOperator", arguments)
