"""Resolves declarations of other teams' assets: global source tables, and other projects' models."""

from collections.abc import Collection, Mapping

import msgspec

from dbt_scheduler.findings.catalogue.global_assets import (
    REF_HINTS,
    SCH301,
    SCH302,
    SCH303,
    SCH304,
    SCH315,
    SCH316,
    SCH321,
    SCH326,
    SIMILAR,
)
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.findings.suggest import did_you_mean, suggest
from dbt_scheduler.project.locations import table_location
from dbt_scheduler.project.types import Project, Table
from dbt_scheduler.registry.directory import Directory, Retired
from dbt_scheduler.registry.entry import AssetKey


class ResolvedGlobals(msgspec.Struct, frozen=True):
    """The asset of each resolved global table, by table id, and the findings."""

    assets: dict[str, AssetKey]
    findings: tuple[Finding, ...]


class KnownTeams(msgspec.Struct, frozen=True):
    """All teams' entries, the retired assets, and the teams whose entry cannot be read.

    ``idle`` are the checked teams' assets that no pipeline builds, by name.
    """

    directory: Directory
    retired: Retired
    unreadable: Collection[str] = ()
    idle: Mapping[str, Collection[str]] = {}


def resolve_globals(project: Project, known: KnownTeams) -> ResolvedGlobals:
    """Find the exposed asset of another team for each global table.

    A table that may belong to an unreadable team gets no finding: that team has a finding of its own.
    """
    resolver = _Resolver(project, known)
    found = {table.id: resolver.resolve(table) for table in project.tables.values() if table.is_global}
    return ResolvedGlobals({table: key for table, key in found.items() if key}, tuple(resolver.findings))


class _Resolver:
    """Resolves the global tables of a project among all teams."""

    def __init__(self, project: Project, known: KnownTeams) -> None:
        self.findings: list[Finding] = []
        self._project = project
        self._directory = known.directory
        self._retired = known.retired
        self._idle = known.idle
        self._unreadable = set(known.unreadable) - {project.team}
        self._own = {*project.assets, *project.latest}

    def resolve(self, table: Table) -> AssetKey | None:
        """The exposed asset of a table; otherwise None, with a finding unless an unreadable team may have the asset."""
        directory, own = self._directory, self._project.team
        teams = self._teams(table)
        others = [key for key in directory.named(table.name) if key.team != own and _among(teams, key.team)]
        exposed = [key for key in others if directory.produced(key).exposed]
        if teams == {own} or (teams is None and not others and table.name in self._own):
            self._report(SCH304, table)
        elif not others and self._may_be_unreadable(table):
            pass
        elif teams is not None and not teams & directory.entries.keys():
            hint = "" if table.external else did_you_mean(table.source_name, set(directory.entries) - {own})
            self._report(SCH315, table, hint)
        elif len(exposed) > 1:
            self._report(SCH302, table, teams=", ".join(key.team for key in exposed), first=exposed[0].team)
        elif exposed:
            self._compare_places(table, exposed[0])
            return exposed[0]
        elif others:
            self._report(SCH303, table, **self._contact(others[0].team))
        else:
            self._report_missing(table, teams)
        return None

    def _compare_places(self, table: Table, key: AssetKey) -> None:
        """Report a table whose relation is another asset's: the model would wait for one table, and read the other."""
        relation = self._directory.produced(key).relation
        if relation is None or relation.same(table.relation):
            return
        # By name alone, it may belong to another team whose asset has the same name.
        there = [
            other
            for other in self._directory.at(table.relation)
            if table.team is None or other.team == key.team
        ]
        if there:
            other = there[0].asset if there[0].team == key.team else str(there[0])
            words = {"meant": key.asset, "team": key.team, "other": other}
            self._report(SCH321, table, relation=str(table.relation), **words)

    def _may_be_unreadable(self, table: Table) -> bool:
        """Whether it may belong to an unreadable team, whose dbt project is unknown too."""
        return bool(self._unreadable) if table.team is None else table.team in self._unreadable

    def _teams(self, table: Table) -> set[str] | None:
        """The teams that a table may belong to; None means any."""
        if table.external is None:
            return None if table.team is None else {table.team}
        entries, project = self._directory.entries, table.source_name
        # Registry entries of older releases do not name their project.
        return {team for team, entry in entries.items() if entry.project_name == project} or (
            {project} - {self._project.team}
        )

    def _report_missing(self, table: Table, teams: Collection[str] | None) -> None:
        """Report an asset that no pipeline builds, that is retired, or that does not exist."""
        own = self._project.team
        idle = [team for team in self._idle.get(table.name, ()) if team != own and _among(teams, team)]
        if idle:
            self._report(SCH326, table, **self._contact(idle[0]))
            return
        gone = [team for team in self._retired.get(table.name, ()) if team != own and _among(teams, team)]
        if not gone:
            self._report(SCH301, table, did_you_mean(table.name, self._exposed_names(teams)))
            return
        similar = suggest(table.name, self._exposed_names(gone[:1]))
        hint = SCH316.hint + (SIMILAR if similar else "")
        self._report(SCH316, table, hint, similar=similar, **self._contact(gone[0]))

    def _exposed_names(self, teams: Collection[str] | None) -> set[str]:
        directory = self._directory
        return {
            name
            for name in directory.names()
            for key in directory.named(name)
            if key.team != self._project.team and _among(teams, key.team) and directory.produced(key).exposed
        }

    def _contact(self, team: str) -> dict[str, str]:
        return {"team": team, "channel": self._directory.entries[team].contact.channel or "no channel"}

    def _report(self, rule: Rule, table: Table, hint: str = "", **words: str) -> None:
        if rule in (SCH301, SCH315) and set(self._directory.entries) == {self._project.team}:
            hint = "no other teams are known: set --registry, or specify the folders of the other teams too"
        if table.external is not None:
            hint = hint or REF_HINTS.get(rule.code, "")
        path, line = table_location(self._project.folder, table)
        named = {"asset": table.name, "source": table.full_name, "project": table.source_name}
        self.findings.append(rule.at(path, line, subject=table.name, hint=hint or None, **named, **words))


def _among(teams: Collection[str] | None, team: str) -> bool:
    return teams is None or team in teams
