"""Runs jobs as processes on the Airflow worker."""

from dbt_scheduler.kinds import Job
from dbt_scheduler.kinds.places import ANY_KIND, Arguments, Place, PlaceSettings, Way
from dbt_scheduler.kinds.places.docker import dbt_arguments

_FIELDS = ("command", "cwd", "env", "pass_env")


def _command(job: Job, settings: PlaceSettings) -> Arguments:
    """The operator's arguments: the command, its folder and its environment; images are not used."""
    arguments: Arguments = {"command": list(job.command), "cwd": job.cwd, "env": dict(job.env)}
    if settings.environment:
        arguments["pass_env"] = list(settings.environment)
    return arguments


def _dbt(job: Job, settings: PlaceSettings) -> Arguments:
    """The same for dbt, which may be preloaded."""
    preload: Arguments = {"preload": True} if job.preload else {}
    return {**_command(job, settings), **dbt_arguments(job), **preload}


PLUGIN = Place(
    description="a process on the Airflow worker",
    ways={
        "dbt": Way(
            operator="dbt_scheduler.airflow.dbt_operator.DbtOperator",
            template_fields=(*_FIELDS, "table_check", "project_hooks", "results_of"),
            arguments=_dbt,
        ),
        ANY_KIND: Way(
            operator="dbt_scheduler.airflow.operators.CommandOperator",
            template_fields=_FIELDS,
            arguments=_command,
        ),
    },
)
