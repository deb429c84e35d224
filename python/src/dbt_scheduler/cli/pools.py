"""``pools``: the Airflow pools that the compiled DAGs need."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.session import Options, read_platform
from dbt_scheduler.cli.shared import exit_on_error, out_option, platform_option, print_warnings
from dbt_scheduler.files import encode_json
from dbt_scheduler.output import DeployedDags, pool_slots
from dbt_scheduler.spec import ONE_WRITER

_BY_AIRFLOW = "default_pool"
"""Airflow creates this pool itself."""


@click.command(epilog=examples("pools --out out > pools.json"))
@out_option
@platform_option
def pools(out: Path | None, platform: Path | None) -> None:
    """Print the Airflow pools that the compiled DAGs use, in the format of `airflow pools import`.

    A task whose pool does not exist in Airflow never starts.
    """
    with exit_on_error():
        config, _ = read_platform([Path()], Options(platform=platform))
        deployed = DeployedDags(out)
        needed = pool_slots(map(deployed.spec, deployed.dag_ids()), config.pools)
        slots = {name: count for name, count in needed.items() if count is not None}
        unknown = sorted(needed.keys() - slots.keys() - {_BY_AIRFLOW})
        print_warnings(
            [
                f"the pool {name} is not defined under pools in {config.path}, so it is not printed"
                for name in unknown
            ]
        )
        sys.stdout.write(encode_json(_for_airflow(slots)).decode())


def _for_airflow(slots: Mapping[str, int]) -> dict[str, object]:
    return {
        name: {
            "slots": count,
            "description": _description(name),
            "include_deferred": True,  # a task that waits for its job outside of Airflow still writes its table
        }
        for name, count in slots.items()
    }


def _description(name: str) -> str:
    if name.startswith(ONE_WRITER):
        return f"dbt-scheduler: {name.removeprefix(ONE_WRITER)} is built in several pipelines, one at a time"
    return "dbt-scheduler: pools in platform.yaml"
