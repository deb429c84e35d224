"""Resolves the source tables that stand for other teams' assets."""

import msgspec

from dbt_scheduler.catalogue.global_assets import SCH301, SCH302, SCH303, SCH304, SCH315
from dbt_scheduler.errors import Finding, Rule
from dbt_scheduler.project.places import table_place
from dbt_scheduler.project.types import Project, Table
from dbt_scheduler.registry import AssetKey, Directory
from dbt_scheduler.suggest import did_you_mean


class Globals(msgspec.Struct, frozen=True):
    """The asset behind each global table (by table id), and what could not be resolved."""

    assets: dict[str, AssetKey]
    findings: tuple[Finding, ...]


def resolve_globals(project: Project, directory: Directory) -> Globals:
    """Find the one exposed asset of another team that each global table means."""
    resolver = _Resolver(project, directory)
    found = {table.id: resolver.resolve(table) for table in project.tables.values() if table.is_global}
    return Globals({table: key for table, key in found.items() if key}, tuple(resolver.findings))


class _Resolver:
    """Looks each global table of one project up among all teams."""

    def __init__(self, project: Project, directory: Directory) -> None:
        self.findings: list[Finding] = []
        self._project = project
        self._directory = directory
        self._own = {*project.assets, *project.latest}

    def resolve(self, table: Table) -> AssetKey | None:
        """The asset that a table means; None, and a finding, where that is not clear."""
        directory, team = self._directory, self._project.team
        others = [key for key in directory.named(table.name, table.team) if key.team != team]
        exposed = [key for key in others if directory.produced(key).exposed]
        if table.team == team or (not others and table.name in self._own):
            self._find(SCH304, table)
        elif table.team is not None and table.team not in directory.entries:
            self._find(SCH315, table, did_you_mean(table.team, set(directory.entries) - {team}))
        elif len(exposed) > 1:
            teams = ", ".join(key.team for key in exposed)
            self._find(SCH302, table, teams=teams, first=exposed[0].team)
        elif exposed:
            return exposed[0]
        elif others:
            channel = directory.entries[others[0].team].contact.channel or "no channel"
            self._find(SCH303, table, team=others[0].team, channel=channel)
        else:
            self._find(SCH301, table, did_you_mean(table.name, self._exposed_names(table)))
        return None

    def _exposed_names(self, table: Table) -> set[str]:
        directory = self._directory
        return {
            name
            for name in directory.names(table.team)
            for key in directory.named(name, table.team)
            if key.team != self._project.team and directory.produced(key).exposed
        }

    def _find(self, rule: Rule, table: Table, hint: str = "", **words: str) -> None:
        if rule in (SCH301, SCH315) and set(self._directory.entries) == {self._project.team}:
            hint = "no other team is known: name the registry with --registry, or give their folders too"
        path, line = table_place(self._project.folder, table)
        words |= {"asset": table.name, "source": table.full_name}
        self.findings.append(rule.at(path, line, subject=table.name, hint=hint or None, **words))
