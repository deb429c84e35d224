"""Compares a node's ``dependencies`` with its lineage."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.catalogue.nodes import SCH103
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import task_location
from dbt_scheduler.project.types import Project, ProjectTask
from dbt_scheduler.registry.entry import dag_id

SCH104 = Rule(
    code="SCH104",
    summary="`dependencies` lists a parent that runs in the same DAG",
    message='"{node}" lists "{asset}" under dependencies, but both run in the same DAG, {dag_id}',
    hint="remove the entry: within a DAG, a task always runs after its parents",
    why="`soft` and `no_wait` apply only to waits for another DAG. Within a DAG, tasks always run in the "
    "order of dbt's lineage.",
    example="""\
models:
  - name: fct_orders   # reads ref("stg_orders"), which is daily too
    config: {meta: {scheduler: {pipelines: [daily], dependencies: {stg_orders: soft}}}}
""",
    fix="Remove the entry from `dependencies`, or move one of the two nodes to another pipeline.",
)
SCH113 = Rule(
    code="SCH113",
    summary="`dependencies` has conflicting entries for the same asset",
    message='"{node}" has conflicting entries for the same asset under dependencies: {kinds}',
    hint="keep one of the entries",
    why="An asset can be referred to by its name, by its team and name, or by the source table that the "
    "node reads. Only one dependency kind (hard, soft or no_wait) can apply to it.",
    example="""\
models:
  - name: fct_orders   # reads source("shipping", "fct_shipments")
    config: {meta: {scheduler: {dependencies: {fct_shipments: no_wait, shipping.fct_shipments: hard}}}}
""",
    fix="Keep one of the entries, with the intended kind.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """Entries that do not match a wait of the node, and entries that conflict."""
    project = team.project
    for unique_id, names in team.graph.unmatched_dependencies.items():
        for name in names:
            yield _not_a_dependency(team, project.tasks[unique_id], name)
    for unique_id, found in team.graph.contradicting.items():
        for names in sorted(found):
            yield _contradiction(project, project.tasks[unique_id], names)


def _not_a_dependency(team: Team, task: ProjectTask, name: str) -> Finding:
    location = task_location(team.project.folder, task, "scheduler", "dependencies", name)
    for pipeline, dag in team.graph.dags.items():
        parents = [dag.tasks[parent] for parent in dag.upstream.get(task.id, ())]
        if any(name in (parent.name, *parent.assets) for parent in parents):
            where = dag_id(team.project.dag_prefix, pipeline)
            return SCH104.at(*location, subject=task.name, node=task.name, asset=name, dag_id=where)
    waits = {wait.key.asset for dag in team.graph.dags.values() for wait in dag.waits.get(task.id, ())}
    return SCH103.at(
        *location, subject=task.name, hint=did_you_mean(name, waits) or None, node=task.name, asset=name
    )


def _contradiction(project: Project, task: ProjectTask, names: tuple[str, ...]) -> Finding:
    location = task_location(project.folder, task, "scheduler", "dependencies", names[0])
    kinds = ", ".join(f"{name}: {task.dependencies[name]}" for name in names)
    return SCH113.at(*location, subject=task.name, node=task.name, kinds=kinds)


PLUGIN = Check(team=check)
