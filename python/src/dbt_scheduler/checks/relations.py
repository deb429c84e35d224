"""Edges that dbt cannot see: a plain source that somebody's task fills."""

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
    summary="A hidden edge: a source that is another team's asset",
    message='source "{source}" reads {relation}, which is the asset "{asset}" of team {team}',
    hint='declare it as a global asset: put the source "{team}" with the table "{asset}" in a file under a folder global_assets',
    why=(
        "The table is made by another team, but the scheduler sees a plain source and waits for nothing: "
        "the model reads yesterday's data whenever that team is late."
    ),
    example="A source `raw.fct_shipments` whose schema and identifier are those of shipping's model `fct_shipments`.",
    fix="Declare the table as a global asset and read it with `source()`.",
)
SCH307 = Rule(
    code="SCH307",
    summary="A source that is this project's own table",
    message='source "{source}" reads {relation}, which this project builds itself as {node}',
    hint='use ref("{name}") instead of source()',
    why="dbt sees no lineage between the two, so the reader may run before the table is built.",
    example="A source table `marts.orders` and a model `orders` in the schema `marts`; or a second source table that "
    "lies where one lies which a declared task fills.",
    fix="Replace `source()` by `ref()`, or by the `source()` of the table that the task fills. A model that has to read what its own last run has left says so at the source "
    "table: `meta: {scheduler: {own_table: true}}`.",
)
SCH323 = Rule(
    code="SCH323",
    severity=Severity.NOTE,
    summary="Source tables that teams make, and that nothing reads",
    message="source tables that this or another team makes are declared here, and nothing reads them: {count}, such as "
    '"{source}"',
    hint="remove the declarations, or leave them",
    why="Nothing waits for them and nothing has to: once a model reads one, SCH306 or SCH307 says what to do.",
    example="A source table that lies where another team's model lies, and that no model, task or exposure reads.",
    fix="Remove the declarations that nobody needs; `dbt-scheduler adopt` proposes it.",
)
WOULD_CLOSE_A_CYCLE = (
    'ref("{name}") would close a dependency cycle, because {name} is built from {reader}; if the source is meant to '
    "read what the last run has left, write meta: {{scheduler: {{own_table: true}}}} at its table"
)
"""The hint of SCH307 where its usual one cannot be followed."""
READS_ITSELF = "if it is meant to read what the last run has left, write meta: {scheduler: {own_table: true}} at its table"
"""The hint of SCH307 for a task that reads what it fills."""


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH306, SCH307, SCH323: a source that lives where another team's asset, or an own model, lives."""
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
    """A table that this project makes: who makes it, in words, and what it is called here."""

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
    """How to read it: a task by its conditions, and a node otherwise where ``ref()`` would make dbt refuse it."""
    if own.table and own.maker in read_by:
        return READS_ITSELF
    tasks = [project.tasks[reader] for reader in read_by if reader in project.tasks]
    task = next((task for task in tasks if task.declaration), None)
    if task and all(task.declaration for task in tasks) and len(tasks) == len(read_by):
        return f'name "{own.name}" in the conditions of task "{task.name}" instead'
    if own.table:
        return f'use source("{own.table.source_name}", "{own.table.name}") instead'
    below = built_from(project, own.maker)
    circular = [reader for reader in read_by if reader in below]
    return WOULD_CLOSE_A_CYCLE.format(name=own.name, reader=circular[0]) if circular else None


PLUGIN = Check(team=check)
