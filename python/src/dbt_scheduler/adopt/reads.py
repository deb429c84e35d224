"""Matches a project's source tables with the assets of other projects and of the registry, by relation."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from dbt_scheduler.adopt.calls import Pair
from dbt_scheduler.config.team import compile_regex
from dbt_scheduler.project.manifest import Exposure, Manifest, Node
from dbt_scheduler.project.types import Project, Table, node_relation
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.registry.relation import Relation, Relations


class Maker(msgspec.Struct, frozen=True, kw_only=True):
    """An asset and its relation; ``clash``: the name also belongs to another node of the team."""

    team: str
    asset: str
    scheduled: bool
    exposed: bool
    clash: bool = False
    node: Node | None = None

    @property
    def shown(self) -> str:
        """The asset's key among all teams."""
        return f"{self.team}.{self.asset}"


class Reader(msgspec.Struct, frozen=True, order=True):
    """A node or exposure that reads a source table, and its file relative to the project."""

    file: str
    unique_id: str


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A source table and all assets with the same relation; ``package`` is the installed package that declares it."""

    table: Table
    makers: tuple[Maker, ...]
    readers: tuple[Reader, ...]
    package: str | None
    tested: bool
    quoting: dict[str, bool]

    @property
    def pair(self) -> Pair:
        """The table as its readers name it."""
        return self.table.source_name, self.table.name


def find_makers(projects: Sequence[Project], registry: Mapping[str, Entry]) -> Relations[Maker]:
    """The assets of these projects, and of the registry's other teams, by relation."""
    at_hand = {project.team for project in projects}
    made = [item for project in projects for item in _made(project)]
    made += [
        item for team, entry in registry.items() if team not in at_hand for item in _registered(team, entry)
    ]
    return Relations(made)


def find_matches(project: Project, makers: Relations[Maker]) -> list[Match]:
    """The project's plain source tables that match an asset, sorted by name."""
    readers, tested = _dependents(project.manifest)
    own = project.manifest.metadata.project_name
    found = []
    for table in sorted(project.tables.values(), key=lambda table: table.full_name):
        if table.is_global or table.id in project.makers:
            continue
        at = makers.at(table.relation)
        if at:
            source = project.manifest.sources[table.id]
            match = Match(
                table=table,
                makers=tuple(sorted(at, key=lambda maker: (maker.team, maker.asset))),
                readers=tuple(sorted(readers[table.id])),
                package=None if source.package_name == own or not own else source.package_name,
                tested=table.id in tested,
                quoting={key: on for key, on in (source.quoting or {}).items() if on is not None},
            )
            found.append(match)
    return found


def read_declarations(project: Project) -> dict[str, tuple[Path, Pair]]:
    """The file and table of each source table that a project's nodes read or test, by unique_id."""
    readers, tested = _dependents(project.manifest)
    return {id_: declaration(project, project.tables[id_]) for id_ in readers.keys() | tested}


def declaration(project: Project, table: Table) -> tuple[Path, Pair]:
    """The absolute path of a table's declaration, and its name there: several projects may share the file."""
    own, source = project.manifest.metadata.project_name, project.manifest.sources[table.id]
    package = () if own in (None, source.package_name) else ("dbt_packages", source.package_name)
    place = os.path.realpath(project.folder.joinpath(*package, table.file))
    return Path(place), (table.source_name, table.name)


def _made(project: Project) -> Iterator[tuple[Relation, Maker]]:
    exposed = [compile_regex(entry.regex) for entry in project.config.exposed_assets]
    for task in project.tasks.values():
        node = task.node
        if node is None or not node.is_table:
            continue
        for asset in task.assets:
            yield (
                node_relation(node),
                Maker(
                    team=project.team,
                    asset=asset,
                    scheduled=bool(task.pipelines),
                    exposed=any(regex.fullmatch(asset) for regex in exposed),
                    clash=project.assets.get(asset) != task.id,
                    node=node,
                ),
            )
    for table, maker in project.makers.items():
        asset = project.table_assets[table]
        yield (
            project.tables[table].relation,
            Maker(
                team=project.team,
                asset=asset,
                scheduled=bool(project.tasks[maker].pipelines),
                exposed=any(regex.fullmatch(asset) for regex in exposed),
            ),
        )


def _registered(team: str, entry: Entry) -> Iterator[tuple[Relation, Maker]]:
    for asset, produced in entry.produced.items():
        if produced.relation:
            maker = Maker(team=team, asset=asset, scheduled=True, exposed=produced.exposed)
            yield produced.relation, maker


def _dependents(manifest: Manifest) -> tuple[Mapping[str, list[Reader]], set[str]]:
    """For each source table, the nodes that read it, and the tables with tests of their own."""
    readers: dict[str, list[Reader]] = defaultdict(list)
    tested = set()
    nodes: list[Node | Exposure] = [*manifest.nodes.values(), *manifest.exposures.values()]
    for node in nodes:
        in_yaml = node.original_file_path.endswith((".yml", ".yaml"))
        generic = in_yaml and isinstance(node, Node) and node.resource_type == "test"
        for parent in dict.fromkeys(node.depends_on.nodes):
            if parent not in manifest.sources:
                continue
            if generic and node.original_file_path == manifest.sources[parent].original_file_path:
                tested.add(parent)
            else:
                readers[parent].append(Reader(_file(node, manifest), node.unique_id))
    return readers, tested


def _file(node: Node | Exposure, manifest: Manifest) -> str:
    path = node.original_file_path.replace("\\", "/").removeprefix("./")
    own = manifest.metadata.project_name
    return path if own in (None, node.package_name) else f"dbt_packages/{node.package_name}/{path}"
