"""The command line: reads options, calls the layer below, shows what it says, and sets the exit code.

Data goes to stdout, talk to stderr. Exit code 0: clean; 1: findings; 2: could not run.
"""

import click

from dbt_scheduler import __version__
from dbt_scheduler.cli.adopt import adopt
from dbt_scheduler.cli.explain import explain
from dbt_scheduler.cli.projects import check, compile_
from dbt_scheduler.cli.publish import publish
from dbt_scheduler.cli.registry import registry
from dbt_scheduler.cli.report import report
from dbt_scheduler.cli.resume import resume
from dbt_scheduler.cli.waits import waits


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dbt-scheduler")
def main() -> None:
    """Airflow DAGs from dbt projects of many teams that wait for each other exactly."""


for _command in (check, compile_, report, publish, registry, waits, explain, resume, adopt):
    main.add_command(_command)
