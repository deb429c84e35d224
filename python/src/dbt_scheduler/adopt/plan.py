"""Decides how to replace each source table that another team or the project itself builds."""

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from dbt_scheduler.adopt.calls import Pair, Ref, source_call
from dbt_scheduler.adopt.declarations import Declaration
from dbt_scheduler.adopt.files import ProjectFiles
from dbt_scheduler.adopt.reads import Maker, Match, Reader
from dbt_scheduler.project.manifest import Manifest, Node
from dbt_scheduler.project.types import Project, Table

# The asset name is another team's input and becomes part of SQL and YAML that dbt renders.
_PLAIN = re.compile(r"[\w.$-]+(?: +[\w.$-]+)*")


Others = Mapping[str, tuple[str, ...]]
"""For a source table's id, the other teams that read it through the same declaration."""


class TableMove(msgspec.Struct, frozen=True, kw_only=True):
    """The replacement of one table: read it as ``target``, or resolve it manually for the reason in ``refused``.

    ``declared`` is the table's declaration in YAML, if readable. The table is ``unread`` if no node reads it, it has no
    test and no file names it. ``already``: the target is already declared. ``circular`` are readers for which the
    target would create a cycle in dbt's lineage, and ``others`` the teams that use the same declaration.
    """

    match: Match
    maker: Maker
    target: Pair | Ref
    declared: Declaration | None
    unread: bool
    already: bool = False
    refused: str | None = None
    circular: frozenset[Reader] = frozenset()
    others: tuple[str, ...] = ()

    @property
    def pair(self) -> Pair:
        """The current name of the table."""
        return self.match.pair

    @property
    def left_of_table(self) -> tuple[str, ...]:
        """The keys that are lost with the old declaration.

        These are all keys of an unread table. Of a table with another declaration it is the description, because other
        keys are merged manually.
        """
        if self.declared is None or not (self.unread or self.already or isinstance(self.target, Ref)):
            return ()
        return tuple(key for key in self.declared.keys if self.unread or key == "description")


class Plan(msgspec.Struct, frozen=True):
    """The steps of one team, and the tables that match several assets."""

    across: tuple[TableMove, ...]
    own: tuple[TableMove, ...]
    ambiguous: tuple[Match, ...]


def make_plan(project: Project, files: ProjectFiles | None, matches: Iterable[Match], others: Others) -> Plan:
    """One step for each table that matches exactly one asset; ``others`` are the readers of shared declarations.

    Unread tables of packages are skipped: the team cannot change them.
    """
    planning = _Planning(project, files, others)
    across: list[tuple[Match, Maker]] = []
    own: list[tuple[Match, Maker, Node]] = []
    ambiguous = []
    for match in matches:
        maker = match.makers[0]
        if match.package and planning.is_unread(match):
            continue
        if len(match.makers) > 1:
            ambiguous.append(match)
        elif maker.team != project.team:
            across.append((match, maker))
        elif maker.node is not None:
            own.append((match, maker, maker.node))
    return Plan(tuple(planning.across(across)), tuple(planning.own(own)), tuple(ambiguous))


class _Planning:
    """One pass over the matches of a project."""

    def __init__(self, project: Project, files: ProjectFiles | None, others: Others) -> None:
        self._project = project
        self._others = others
        self._files = files
        every = files.calls.values() if files else ()
        self._named = {pair for calls in every for pair in (*calls.pairs, *calls.hidden)}

    def across(self, found: list[tuple[Match, Maker]]) -> Iterator[TableMove]:
        first: dict[Pair, Match] = {}
        taken = self._tables_besides({match.table.id for match, _ in found})
        for match, maker in found:
            target = (maker.team, maker.asset)
            unread = self.is_unread(match)
            refused = None if unread else _refused(match, maker, first, taken)
            if not (refused or unread):
                first.setdefault(target, match)
            yield TableMove(
                match=match,
                maker=maker,
                target=target,
                refused=refused,
                already=target in taken,
                declared=self._declared(match),
                unread=unread,
                others=self._others.get(match.table.id, ()),
            )

    def own(self, found: list[tuple[Match, Maker, Node]]) -> Iterator[TableMove]:
        circles = _Circles(self._project.manifest)
        name = self._project.manifest.metadata.project_name
        for match, maker, node in found:
            package = None if name in (None, node.package_name) else node.package_name
            circular = [r for r in match.readers if not circles.can_read(r.unique_id, node.unique_id)]
            yield TableMove(
                match=match,
                maker=maker,
                target=Ref(node.name, package, node.version),
                refused=_in_package(match.package) if match.package else None,
                circular=frozenset(circular),
                declared=self._declared(match),
                unread=self.is_unread(match),
                others=self._others.get(match.table.id, ()),
            )

    def _declared(self, match: Match) -> Declaration | None:
        if self._files is None or match.package is not None:
            return None
        return self._files.declared(match.table.file, match.pair)

    def is_unread(self, match: Match) -> bool:
        """Whether no node reads the table, it has no test and no file names it."""
        return not (match.readers or match.tested or match.pair in self._named)

    def _tables_besides(self, moving: set[str]) -> dict[Pair, Table]:
        """The project's own tables that are not replaced, by name."""
        own, sources = self._project.manifest.metadata.project_name, self._project.manifest.sources
        return {
            (table.source_name, table.name): table
            for id_, table in self._project.tables.items()
            if id_ not in moving and own in (None, sources[id_].package_name)
        }


class _Circles:
    """The lineage of one project plus the proposed reads: dbt rejects cycles."""

    def __init__(self, manifest: Manifest) -> None:
        self._parents = {id_: list(node.depends_on.nodes) for id_, node in manifest.nodes.items()}

    def can_read(self, reader: str, node: str) -> bool:
        """Whether a read creates no cycle; if so, it is added."""
        seen, open_ = {node}, [node]
        while open_:
            current = open_.pop()
            if current == reader:
                return False
            new = [parent for parent in self._parents.get(current, ()) if parent not in seen]
            seen.update(new)
            open_ += new
        self._parents.setdefault(reader, []).append(node)
        return True


def _refused(
    match: Match, maker: Maker, first: Mapping[Pair, Match], taken: Mapping[Pair, Table]
) -> str | None:
    target = (maker.team, maker.asset)
    if match.package:
        return _in_package(match.package)
    if maker.clash:
        return (
            f'the asset name "{maker.asset}" of team {maker.team} refers to a different node: rename '
            "one of the two"
        )
    if not _PLAIN.fullmatch(maker.asset):
        return f"the name of an asset of team {maker.team} contains special SQL characters: rename it"
    there = taken.get(target)
    if there and not (there.is_global and there.relation == match.table.relation):
        return f"the project already has a table {source_call(target)}: rename it first"
    same = first.get(target, match)
    if (same.table.relation, same.quoting) != (match.table.relation, match.quoting):
        return (
            f"source {same.table.full_name} declares the same table with a different spelling: merge the "
            "two first"
        )
    return None


def _in_package(package: str) -> str:
    return f"it is declared in the installed package {package}: change the declaration in that package"
