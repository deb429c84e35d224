"""Hidden edges: plain sources whose relation is an asset, which dbt's lineage does not show."""

from collections.abc import Iterator

import msgspec

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import table_location
from dbt_scheduler.project.reading import built_from, readers
from dbt_scheduler.project.types import Project, Table, node_relation
from dbt_scheduler.registry.relation import Relation, Relations

SCH306 = Rule(
    code="SCH306",
    summary="A source reads another team's asset (a hidden edge)",
    message='source "{source}" reads {relation}, which is the asset "{asset}" of team {team}',
    hint='declare it as a global asset: the table "{asset}" of a source "{team}", in a file under a folder named global_assets',
    why=(
        "Another team builds the table, but dbt-scheduler sees only a plain source and does not wait "
        "for it: if that team is late, the model reads outdated data."
    ),
    example="A source `raw.fct_shipments` whose schema and identifier are those of shipping's model `fct_shipments`.",
    fix="Declare the table as a global asset and read it with `source()`.",
)
SCH307 = Rule(
    code="SCH307",
    summary="A source reads a table that this project builds itself",
    message='source "{source}" reads {relation}, which this project builds as {node}',
    hint='use ref("{name}") instead of source()',
    why="dbt has no lineage between the two, so the reader may run before the table is built.",
    example="A source table `marts.orders` and a model `orders` in the schema `marts`; or a second source "
    "table with the relation of one that a declared task fills.",
    fix="Replace `source()` with `ref()`, or with the `source()` of the table that the task fills. If a "
    "model must read the result of its own previous run, set this on the source table: `meta: "
    "{scheduler: {own_table: true}}`.",
)
SCH323 = Rule(
    code="SCH323",
    severity=Severity.NOTE,
    summary="Declared source tables are built by a team but not read",
    message="source tables built by this or another team are declared but not read ({count} in total), for "
    'example "{source}"',
    hint="remove the declarations if they are not needed",
    why="Nothing reads them, so nothing has to wait for them. Once a model reads one, SCH306 or SCH307 "
    "reports it.",
    example="A source table with the relation of another team's model that no model, task or exposure reads.",
    fix="Remove the unused declarations; `dbt-scheduler adopt` proposes this change.",
)
WOULD_CLOSE_A_CYCLE = (
    'ref("{name}") would create a dependency cycle, because {name} is built from {reader}; if the '
    "source is meant to read the result of the previous run, set meta: {{scheduler: {{own_table: "
    "true}}}} on its table"
)
"""The hint of SCH307 if ``ref()`` would create a cycle."""
READS_ITSELF = (
    "if it is meant to read the result of the previous run, set meta: {scheduler: {own_table: true}} on "
    "its table"
)
"""The hint of SCH307 for a task that reads what it fills."""


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH306, SCH307, SCH323: a source with the relation of another team's asset or of an own model."""
    project = team.project
    own, read_by = Relations(_own(project)), readers(project)
    unread: list[Table] = []
    for table in project.tables.values():
        if table.is_global or table.id in project.makers:
            continue
        made = () if table.own_table else own.at(table.relation)
        keys = [key for key in workspace.directory.at(table.relation) if key.team != project.team]
        if (made or keys) and table.id not in read_by:
            unread.append(table)
            continue
        location, name = table_location(project.folder, table), table.full_name
        for each in made:
            hint = _own_hint(project, each, read_by[table.id])
            words = {"node": each.shown, "name": each.name}
            yield SCH307.at(*location, subject=name, source=name, relation=table.relation, hint=hint, **words)
        for key in keys:
            words = {"asset": key.asset, "team": key.team}
            yield SCH306.at(*location, subject=name, source=name, relation=table.relation, **words)
    if unread:
        first = unread[0]
        location = table_location(project.folder, first)
        yield SCH323.at(*location, subject=first.full_name, source=first.full_name, count=len(unread))


class _Own(msgspec.Struct, frozen=True):
    """A table that this project builds: what builds it, in words, and its name here."""

    maker: str
    shown: str
    name: str
    table: Table | None = None


def _own(project: Project) -> Iterator[tuple[Relation, _Own]]:
    for task in project.tasks.values():
        if task.node and task.node.is_table:
            shown = f"the {task.node.resource_type} {task.node.name}"
            yield node_relation(task.node), _Own(task.id, shown, task.node.name)
    for table_id, maker in project.makers.items():
        table = project.tables[table_id]
        shown = f"the source {table.full_name}, which task {project.tasks[maker].name} fills"
        yield table.relation, _Own(maker, shown, table.full_name, table)


def _own_hint(project: Project, own: _Own, read_by: list[str]) -> str | None:
    """The hint, if not the rule's: a condition of a task, or ``source()`` where dbt would reject ``ref()``."""
    if own.table and own.maker in read_by:
        return READS_ITSELF
    tasks = [project.tasks[reader] for reader in read_by if reader in project.tasks]
    task = next((task for task in tasks if task.declaration), None)
    if task and all(task.declaration for task in tasks) and len(tasks) == len(read_by):
        return f'use "{own.name}" in the conditions of task "{task.name}" instead'
    if own.table:
        return f'use source("{own.table.source_name}", "{own.table.name}") instead'
    below = built_from(project, own.maker)
    circular = [reader for reader in read_by if reader in below]
    return WOULD_CLOSE_A_CYCLE.format(name=own.name, reader=circular[0]) if circular else None


PLUGIN = Check(team=check)
