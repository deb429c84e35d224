"""``publish``: writes the entries that ``compile`` wrote to the registry."""

import os
import sys
from pathlib import Path

import click

from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.session import Options, read_platform, read_registry, registry_to_use
from dbt_scheduler.cli.shared import (
    FOLDER,
    exit_on_error,
    print_findings,
    print_warnings,
    registry_options,
    say,
)
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.printable import shown_url
from dbt_scheduler.registry.candidates import load_candidates, renamed_team_warnings
from dbt_scheduler.registry.publish import (
    PublishResult,
    check_candidates,
    check_publishers,
    write_candidates,
)
from dbt_scheduler.registry.publishers import ci_repository
from dbt_scheduler.registry.store import Store
from dbt_scheduler.registry.stores import open_store

_NOTHING = "nothing was published"


@click.command(epilog=examples("publish out --registry gs://bucket/registry"))
@click.argument("out", type=FOLDER)
@registry_options
def publish(out: Path, registry: str | None, platform: Path | None) -> None:
    """Publish the registry entries that `compile` wrote to OUT.

    All entries are checked against the current registry before any of them is written.
    """
    with exit_on_error():
        options = Options(platform=platform, registry=registry)
        config, _ = read_platform([Path()], options)
        url = registry_to_use(config, options)
        if url is None:
            raise UsageError(
                "no registry is configured",
                "set --registry, or registry.url in platform.yaml",
            )
        if config.registry_read_only:
            raise UsageError(
                f"the registry is read-only (registry.read_only in {config.path})",
                "publish from the environment that the registry belongs to, or remove registry.read_only",
            )
        candidates, findings = load_candidates(out)
        print_warnings(renamed_team_warnings(candidates))
        reading = read_registry(config, options)
        findings += check_publishers(candidates, config.teams, ci_repository(os.environ))
        findings += check_candidates(candidates, reading, config.teams or (), config.dag_prefix)
        if findings:
            print_findings(findings)
            say(_NOTHING)
            sys.exit(1)
        store = open_store(url)
        published = write_candidates(candidates, reading, store)
        if published.written and not reading.versions:
            say(f"created a new registry at {shown_url(url)}")
        _print_result(published, store)
        sys.exit(_exit_code(published))


def _print_result(published: PublishResult, store: Store) -> None:
    for team in published.written:
        say(f"{team}: published to {store.place(team)}")
    for team in published.same:
        say(f"{team}: already published")
    if published.finding is None:
        return
    print_findings([published.finding])
    for team in published.left if published.written else ():
        say(f"{team}: not published")
    if not published.written:
        say(_NOTHING)


def _exit_code(published: PublishResult) -> int:
    if published.finding is None:
        return 0
    return 2 if published.failed else 1
