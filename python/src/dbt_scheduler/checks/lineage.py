"""What a node asks for against what its lineage gives."""

from collections.abc import Iterator

from dbt_scheduler.findings.catalogue.nodes import (
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
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import task_location
from dbt_scheduler.project.types import Project, ProjectTask
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
    for unique_id, unscheduled_parents in team.graph.unscheduled_parents.items():
        for other in unscheduled_parents:
            yield from _unscheduled(project, project.tasks[unique_id], project.tasks[other])
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


def _unscheduled(project: Project, task: ProjectTask, other: ProjectTask) -> Iterator[Finding]:
    """A view or a seed does not go stale by itself."""
    if other.node is None:  # A task without pipelines is a finding already.
        return
    location = task_location(project.folder, task)
    words = {"node": task.name, "parent": other.name}
    kind = "seed" if other.node.resource_type == "seed" else str(other.node.config.materialized)
    if kind in ("seed", "view"):
        yield SCH106.at(*location, subject=other.name, kind=kind, **words)
    elif task.declaration is not None and other.id in task.parents:
        words = {"task": task.name, "condition": other.name, "state": "in no pipeline"}
        yield SCH214.at(*location, subject=task.name, **words)
    else:
        yield SCH105.at(*location, subject=other.name, kind=other.node.resource_type, **words)


def _unknown_parents(project: Project) -> Iterator[Finding]:
    """What a node reads and dbt keeps neither among its nodes nor its sources: a metric, or what is yet to come."""
    known = project.tasks.keys() | project.tables.keys()
    for task in project.tasks.values():
        if task.node is not None and (task.pipelines or task.node.ephemeral):
            for parent in sorted(set(task.parents) - known):
                location = task_location(project.folder, task)
                yield SCH111.at(*location, subject=task.name, node=task.name, parent=parent)


def _unplaced_tests(team: Team) -> Iterator[Finding]:
    """Tests that look at nothing that any DAG of the team makes, in one line: there may be many."""
    test_plans = [{test.unique_id for test in plan.unplaced} for plan in team.test_plans.values()]
    unplaced = set.intersection(*test_plans) if test_plans else set()
    if unplaced:
        first = team.project.manifest.nodes[min(unplaced)]
        yield SCH110.at(
            str(team.project.folder / "scheduler.yaml"),
            subject=first.name,
            tests=format_count(len(unplaced), "dbt test"),
            first=first.name,
        )
