"""Finds an asset or a team by name."""

from collections.abc import Collection

from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.suggest import did_you_mean, suggest
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import AssetKey

_ALL = "run `dbt-scheduler registry list --all` to list all assets"


def find_asset(name: str, directory: Directory) -> AssetKey:
    """An asset by its name or as ``team.asset``.

    Raises UsageError, with suggestions, unless exactly one is found.
    """
    team, _, rest = name.partition(".")
    of_team = bool(rest) and team in directory.entries
    found = directory.named(name) or (directory.named(rest, team) if of_team else [])
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(map(str, found))
        raise UsageError(
            f'several teams have an asset "{name}": {choices}', f"specify one of them, such as {found[0]}"
        )
    if of_team:
        meant = suggest(rest, directory.names(team))
        raise UsageError(
            f'team {team} has no asset "{rest}"', f'did you mean "{team}.{meant}"?' if meant else _ALL
        )
    hint = did_you_mean(name, directory.names()) or _ALL
    raise UsageError(f'asset "{name}" not found', hint)


def find_team(name: str, directory: Directory) -> str:
    """A team by its name. Raises UsageError, with a suggestion, if there is none."""
    if name in directory.entries:
        return name
    raise unknown_team(name, directory.entries)


def unknown_team(name: str, teams: Collection[str]) -> UsageError:
    """The error about a team that is not in the registry, with what to do."""
    available = (
        f"available teams: {', '.join(sorted(teams))}" if teams else "the registry is empty: check its URL"
    )
    return UsageError(f'team "{name}" not found in the registry', did_you_mean(name, teams) or available)
