"""What a node asks for against what its lineage gives."""

from collections.abc import Iterator

from dbt_scheduler.catalogue.nodes import (
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
from dbt_scheduler.catalogue.tasks import SCH214
from dbt_scheduler.errors import Finding, fill
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.manifest import Node
from dbt_scheduler.project.places import work_place
from dbt_scheduler.project.types import Project, Work, asset_name
from dbt_scheduler.registry import dag_id
from dbt_scheduler.suggest import did_you_mean
from dbt_scheduler.wording import and_others, number


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH103 to SCH106, SCH109 to SCH111, SCH113, SCH214."""
    project = team.project
    for work_id, names in team.graph.unmatched.items():
        for name in names:
            yield _not_a_wait(team, project.works[work_id], name)
    for work_id, found in team.graph.contradicting.items():
        for names in sorted(found):
            yield _contradiction(project, project.works[work_id], names)
    yield from _unscheduled(team)
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


def _unscheduled(team: Team) -> Iterator[Finding]:
    """What is read and no pipeline runs: one finding for all its readers, at the first, and one for each condition.

    Of what is in unknown pipelines only, and of a task without any, there is a finding already.
    """
    project = team.project
    misspelt = {finding.subject for finding in team.findings if finding.code == SCH102.code}
    read: dict[str, tuple[Node, list[Work]]] = {}
    for work_id, passed in team.graph.passed.items():
        work = project.works[work_id]
        for other in (project.works[each] for each in passed):
            if other.node is None or other.node.name in misspelt:
                continue
            if work.task and other.id in work.parents and _loose_kind(other.node) is None:
                words = {"task": work.name, "condition": other.name, "state": "in no pipeline"}
                yield SCH214.at(*work_place(project.folder, work), subject=work.name, **words)
            else:
                read.setdefault(other.id, (other.node, []))[1].append(work)
    for node, readers in read.values():
        yield _unscheduled_parent(project, node, readers)


def _unscheduled_parent(project: Project, node: Node, readers: list[Work]) -> Finding:
    loose = _loose_kind(node)
    names = and_others([work.name for work in readers])
    words = {
        "readers": f"{names} {'read' if len(readers) > 1 else 'reads'}",
        "kind": loose or node.resource_type,
        "parent": asset_name(node),
    }
    hint = None
    if node.package_name != project.manifest.metadata.project_name:
        hint = fill(PACKAGE_HINT, {**words, "kind": node.resource_type, "package": node.package_name})
    place = work_place(project.folder, readers[0])
    return (SCH106 if loose else SCH105).at(*place, subject=asset_name(node), hint=hint, **words)


def _loose_kind(node: Node) -> str | None:
    """A seed or a view, which does not go stale by itself."""
    kind = "seed" if node.resource_type == "seed" else str(node.config.materialized)
    return kind if kind in ("seed", "view") else None


def _unknown_parents(project: Project) -> Iterator[Finding]:
    """What a node reads and dbt keeps neither among its nodes nor its sources: a metric, or what is yet to come."""
    known = project.works.keys() | project.tables.keys()
    for work in project.works.values():
        if work.node is not None and (work.pipelines or work.node.ephemeral):
            for parent in sorted(set(work.parents) - known):
                place = work_place(project.folder, work)
                yield SCH111.at(*place, subject=work.name, node=work.name, parent=parent)


def _homeless_tests(team: Team) -> Iterator[Finding]:
    """Tests that look at nothing that any DAG of the team makes, in a line or two: there may be many."""
    plans = [{test.unique_id for test in plan.homeless} for plan in team.plans.values()]
    homeless = set.intersection(*plans) if plans else set()
    nodes, tables = team.project.manifest.nodes, team.project.tables
    others = {
        test
        for test in homeless
        if any(read in tables and tables[read].is_global for read in nodes[test].depends_on.nodes)
    }
    for tests, data, hint in (
        (homeless - others, "data that no pipeline makes, such as raw sources", None),
        (others, "other teams' tables", "test a model that reads the table; its own team tests the table"),
    ):
        if tests:
            first = nodes[min(tests)].name
            words = {"tests": number(len(tests), "dbt test"), "data": data, "first": first}
            yield SCH110.at(str(team.project.folder / "scheduler.yaml"), subject=first, hint=hint, **words)
