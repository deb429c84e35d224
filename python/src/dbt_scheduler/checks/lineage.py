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
from dbt_scheduler.findings.plural import number
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import work_place
from dbt_scheduler.project.types import Project, Work
from dbt_scheduler.registry.entry import dag_id


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH103 to SCH106, SCH109 to SCH111, SCH113, SCH214."""
    project = team.project
    for work_id, names in team.graph.unmatched.items():
        for name in names:
            yield _not_a_wait(team, project.works[work_id], name)
    for work_id, found in team.graph.contradicting.items():
        for names in sorted(found):
            yield _contradiction(project, project.works[work_id], names)
    for work_id, passed in team.graph.passed.items():
        for other in passed:
            yield from _unscheduled(project, project.works[work_id], project.works[other])
    for work in project.works.values():
        if len(work.pipelines) > 1:
            place = work_place(project.folder, work, "scheduler", "pipelines")
            for asset in work.assets:
                yield SCH109.at(*place, subject=asset, asset=asset, pipelines=", ".join(work.pipelines))
    yield from _unknown_parents(project)
    yield from _homeless_tests(team)


def _not_a_wait(team: Team, work: Work, name: str) -> Finding:
    place = work_place(team.project.folder, work, "scheduler", "dependencies", name)
    for pipeline, dag in team.graph.dags.items():
        parents = [dag.works[parent] for parent in dag.upstream.get(work.id, ())]
        if any(name in (parent.name, *parent.assets) for parent in parents):
            where = dag_id(team.project.dag_prefix, pipeline)
            return SCH104.at(*place, subject=work.name, node=work.name, asset=name, dag_id=where)
    waits = {wait.key.asset for dag in team.graph.dags.values() for wait in dag.waits.get(work.id, ())}
    return SCH103.at(
        *place, subject=work.name, hint=did_you_mean(name, waits) or None, node=work.name, asset=name
    )


def _contradiction(project: Project, work: Work, names: tuple[str, ...]) -> Finding:
    place = work_place(project.folder, work, "scheduler", "dependencies", names[0])
    kinds = ", ".join(f"{name}: {work.dependencies[name]}" for name in names)
    return SCH113.at(*place, subject=work.name, node=work.name, names=" and ".join(names), kinds=kinds)


def _unscheduled(project: Project, work: Work, other: Work) -> Iterator[Finding]:
    """A view or a seed does not go stale by itself."""
    if other.node is None:  # A task without pipelines is a finding already.
        return
    place = work_place(project.folder, work)
    words = {"node": work.name, "parent": other.name}
    kind = "seed" if other.node.resource_type == "seed" else str(other.node.config.materialized)
    if kind in ("seed", "view"):
        yield SCH106.at(*place, subject=other.name, kind=kind, **words)
    elif work.task is not None and other.id in work.parents:
        words = {"task": work.name, "condition": other.name, "state": "in no pipeline"}
        yield SCH214.at(*place, subject=work.name, **words)
    else:
        yield SCH105.at(*place, subject=other.name, kind=other.node.resource_type, **words)


def _unknown_parents(project: Project) -> Iterator[Finding]:
    """What a node reads and dbt keeps neither among its nodes nor its sources: a metric, or what is yet to come."""
    known = project.works.keys() | project.tables.keys()
    for work in project.works.values():
        if work.node is not None and (work.pipelines or work.node.ephemeral):
            for parent in sorted(set(work.parents) - known):
                place = work_place(project.folder, work)
                yield SCH111.at(*place, subject=work.name, node=work.name, parent=parent)


def _homeless_tests(team: Team) -> Iterator[Finding]:
    """Tests that look at nothing that any DAG of the team makes, in one line: there may be many."""
    plans = [{test.unique_id for test in plan.homeless} for plan in team.plans.values()]
    homeless = set.intersection(*plans) if plans else set()
    if homeless:
        first = team.project.manifest.nodes[min(homeless)]
        yield SCH110.at(
            str(team.project.folder / "scheduler.yaml"),
            subject=first.name,
            tests=number(len(homeless), "dbt test"),
            first=first.name,
        )
