"""What a node asks for against what its lineage gives."""

from collections.abc import Iterator

from dbt_scheduler.config.schema.messages import and_others
from dbt_scheduler.findings.catalogue.nodes import (
    PACKAGE_HINT,
    SCH102,
    SCH103,
    SCH104,
    SCH105,
    SCH106,
    SCH109,
    SCH110,
    SCH111,
    SCH113,
)
from dbt_scheduler.findings.catalogue.tasks import SCH214
from dbt_scheduler.findings.finding import Finding, fill
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import task_location
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.project.types import Project, ProjectTask, asset_name
from dbt_scheduler.registry.entry import dag_id


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH103 to SCH106, SCH109 to SCH111, SCH113, SCH214."""
    project = team.project
    for unique_id, names in team.graph.unmatched_dependencies.items():
        for name in names:
            yield _not_a_dependency(team, project.tasks[unique_id], name)
    for unique_id, found in team.graph.contradicting.items():
        for names in sorted(found):
            yield _contradiction(project, project.tasks[unique_id], names)
    yield from _unscheduled(team)
    for task in project.tasks.values():
        if len(task.pipelines) > 1:
            location = task_location(project.folder, task, "scheduler", "pipelines")
            for asset in task.assets:
                yield SCH109.at(*location, subject=asset, asset=asset, pipelines=", ".join(task.pipelines))
    yield from _unknown_parents(project)
    yield from _unplaced_tests(team)


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
    return SCH113.at(*location, subject=task.name, node=task.name, names=" and ".join(names), kinds=kinds)


def _unscheduled(team: Team) -> Iterator[Finding]:
    """What is read and no pipeline runs: one finding for all its readers, at the first, and one for each condition.

    Of what is in unknown pipelines only, and of a task without any, there is a finding already.
    """
    project = team.project
    misspelt = {finding.subject for finding in team.findings if finding.code == SCH102.code}
    read: dict[str, tuple[Node, list[ProjectTask]]] = {}
    for unique_id, unscheduled_parents in team.graph.unscheduled_parents.items():
        task = project.tasks[unique_id]
        for other in (project.tasks[each] for each in unscheduled_parents):
            if other.node is None or other.node.name in misspelt:
                continue
            if task.declaration and other.id in task.parents and _loose_kind(other.node) is None:
                words = {"task": task.name, "condition": other.name, "state": "in no pipeline"}
                yield SCH214.at(*task_location(project.folder, task), subject=task.name, **words)
            else:
                read.setdefault(other.id, (other.node, []))[1].append(task)
    for node, readers in read.values():
        yield _unscheduled_parent(project, node, readers)


def _unscheduled_parent(project: Project, node: Node, readers: list[ProjectTask]) -> Finding:
    loose = _loose_kind(node)
    names = and_others([task.name for task in readers])
    words = {
        "readers": f"{names} {'read' if len(readers) > 1 else 'reads'}",
        "kind": loose or node.resource_type,
        "parent": asset_name(node),
    }
    hint = None
    if node.package_name != project.manifest.metadata.project_name:
        hint = fill(PACKAGE_HINT, {**words, "kind": node.resource_type, "package": node.package_name})
    location = task_location(project.folder, readers[0])
    return (SCH106 if loose else SCH105).at(*location, subject=asset_name(node), hint=hint, **words)


def _loose_kind(node: Node) -> str | None:
    """A seed or a view, which does not go stale by itself."""
    kind = "seed" if node.resource_type == "seed" else str(node.config.materialized)
    return kind if kind in ("seed", "view") else None


def _unknown_parents(project: Project) -> Iterator[Finding]:
    """What a node reads and dbt keeps neither among its nodes nor its sources: a metric, or what is yet to come."""
    known = project.tasks.keys() | project.tables.keys()
    for task in project.tasks.values():
        if task.node is not None and (task.pipelines or task.node.ephemeral):
            for parent in sorted(set(task.parents) - known):
                location = task_location(project.folder, task)
                yield SCH111.at(*location, subject=task.name, node=task.name, parent=parent)


def _unplaced_tests(team: Team) -> Iterator[Finding]:
    """Tests that look at nothing that any DAG of the team makes, in a line or two: there may be many."""
    test_plans = [{test.unique_id for test in plan.unplaced} for plan in team.test_plans.values()]
    unplaced = set.intersection(*test_plans) if test_plans else set()
    nodes, tables = team.project.manifest.nodes, team.project.tables
    others = {
        test
        for test in unplaced
        if any(read in tables and tables[read].is_global for read in nodes[test].depends_on.nodes)
    }
    for tests, data, hint in (
        (unplaced - others, "data that no pipeline makes, such as raw sources", None),
        (others, "other teams' tables", "test a model that reads the table; its own team tests the table"),
    ):
        if tests:
            first = nodes[min(tests)].name
            words = {"tests": format_count(len(tests), "dbt test"), "data": data, "first": first}
            yield SCH110.at(str(team.project.folder / "scheduler.yaml"), subject=first, hint=hint, **words)
