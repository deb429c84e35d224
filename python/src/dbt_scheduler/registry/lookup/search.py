"""Finds the asset or the team that a person means."""

from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.suggest import did_you_mean, suggest
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import AssetKey

_ALL = "`dbt-scheduler registry list --all` has every asset"


def find_asset(name: str, directory: Directory) -> AssetKey:
    """An asset by its name, alone or as ``team.asset``.

    Raises UsageError when there is none or more than one, with what it may be.
    """
    team, _, rest = name.partition(".")
    of_team = bool(rest) and team in directory.entries
    found = directory.named(name) or (directory.named(rest, team) if of_team else [])
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(map(str, found))
        raise UsageError(f'several teams make "{name}": {choices}', f"name one, such as {found[0]}")
    if of_team:
        meant = suggest(rest, directory.names(team))
        raise UsageError(
            f'team {team} makes no "{rest}"', f'did you mean "{team}.{meant}"?' if meant else _ALL
        )
    hint = did_you_mean(name, directory.names()) or _ALL
    raise UsageError(f'no team makes "{name}"', hint)


def find_team(name: str, directory: Directory) -> str:
    """A team by its name; UsageError says what it may be."""
    if name in directory.entries:
        return name
    hint = did_you_mean(name, directory.entries) or f"there are: {', '.join(directory.entries)}"
    raise UsageError(f'the registry has no team "{name}"', hint)
