"""Rules about a node's lineage: parents without pipelines, tables in several pipelines, untested data."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.config.schema.messages import and_others
from dbt_scheduler.findings.catalogue.tasks import SCH214
from dbt_scheduler.findings.finding import Finding, Rule, Severity, fill
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import task_location
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.project.types import Project, ProjectTask, asset_name

SCH105 = Rule(
    code="SCH105",
    severity=Severity.WARNING,
    summary="A scheduled node reads a model, snapshot or function that no pipeline runs",
    message='{readers} the {kind} "{parent}", which no pipeline runs',
    hint='add pipelines to "{parent}"',
    why="Nothing builds the parent, so the node reads whatever was last built manually, or fails if it was "
    "never built.",
    example="""\
models:
  - name: stg_orders        # no pipelines
  - name: fct_orders        # reads ref("stg_orders")
    config: {meta: {scheduler: {pipelines: [daily]}}}
""",
    fix="Add `pipelines` to the parent, or make the model ephemeral: dbt compiles an ephemeral model into "
    "the models that read it. Functions have their own section in `dbt_project.yml`, `functions:`; "
    "settings under `models:` do not apply to them. A package's node gets pipelines there too, under "
    "the name of its package.",
)
PACKAGE_HINT = (
    'add pipelines to "{parent}" in dbt_project.yml: {{kind}s: {{package}: {+meta: {scheduler: '
    "{pipelines: [...]}}}}}"
)
"""The hint of SCH105 and SCH106 for a package's node, whose files the team cannot change."""
SCH106 = Rule(
    code="SCH106",
    severity=Severity.NOTE,
    summary="A scheduled node reads a seed or a view that no pipeline runs",
    message='{readers} the {kind} "{parent}", which no pipeline runs',
    hint='add pipelines to "{parent}" if it changes',
    why="Seeds and views do not go stale on their own, but a change to one takes effect in the "
    "warehouse only when it is built.",
    example="""\
seeds:
  - name: country_codes     # no pipelines
models:
  - name: dim_customers     # reads ref("country_codes")
    config: {meta: {scheduler: {pipelines: [daily]}}}
""",
    fix="Add `pipelines` to it, or ignore this note if it is built in another way.",
)
SCH109 = Rule(
    code="SCH109",
    severity=Severity.NOTE,
    summary="A table is built in several pipelines",
    message='"{asset}" is built in several pipelines: {pipelines}',
    hint="keep only one of them, unless each must update the table",
    why="Each pipeline rebuilds the same table. They never do so at the same time, because their tasks "
    "share a pool with one slot (created by `dbt-scheduler pools`), but which of them runs last "
    "depends on timing.",
    example="""\
models:
  - name: dim_customers
    config: {meta: {scheduler: {pipelines: [hourly, daily]}}}
""",
    fix="Keep only the most frequent pipeline: a daily task then waits for the last hourly run of its day.",
)
SCH110 = Rule(
    code="SCH110",
    severity=Severity.NOTE,
    summary="dbt tests are not run by any DAG",
    message='no DAG runs {tests} of {data}, for example "{first}"',
    hint="add pipelines to the tested node, or run the tests outside Airflow",
    why="A test runs with the node it tests. A source that no task of the team fills has no such node.",
    example="A `not_null` test on a column of a source that is loaded outside the platform.",
    fix="Test the staging model that reads the source instead, or ignore this note.",
)
SCH111 = Rule(
    code="SCH111",
    summary="A node reads a resource that is not supported",
    message='"{node}" reads {parent}, which is neither a node nor a source: its dependencies are unknown',
    hint="read the underlying model or a source instead",
    why="Tasks run after the nodes they read. Models, seeds, snapshots and functions are tasks, and a task "
    "can wait for a source. Lineage ends at other resources, such as metrics, so the node would run "
    "before its data is ready.",
    example="""\
-- models/kpis.sql
select * from {{ metric("revenue") }}
""",
    fix="Read the models that the metric is based on. If dbt added the resource type recently, check "
    "whether a newer dbt-scheduler supports it.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """Unscheduled parents, assets in several pipelines, unsupported parents, and tests that no DAG runs."""
    project = team.project
    yield from _unscheduled(team)
    for task in project.tasks.values():
        if len(task.pipelines) > 1:
            location = task_location(project.folder, task, "scheduler", "pipelines")
            for asset in task.assets:
                yield SCH109.at(*location, subject=asset, asset=asset, pipelines=", ".join(task.pipelines))
    yield from _unknown_parents(project)
    yield from _unplaced_tests(team)


def _unscheduled(team: Team) -> Iterator[Finding]:
    """Unscheduled parents: one finding for all readers of one, at the first reader, and one for each condition.

    Parents without any pipeline in a declared task, and those in unknown pipelines only, already have a finding.
    """
    project = team.project
    read: dict[str, tuple[Node, list[ProjectTask]]] = {}
    for unique_id, unscheduled_parents in team.graph.unscheduled_parents.items():
        task = project.tasks[unique_id]
        for other in (project.tasks[each] for each in unscheduled_parents):
            if other.node is None or other.node.name in project.misassigned:
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
    """``seed`` or ``view``, which do not become outdated by themselves; None for other nodes."""
    kind = "seed" if node.resource_type == "seed" else str(node.config.materialized)
    return kind if kind in ("seed", "view") else None


def _unknown_parents(project: Project) -> Iterator[Finding]:
    """Parents that are neither dbt nodes nor sources, such as metrics."""
    known = project.tasks.keys() | project.tables.keys()
    for task in project.tasks.values():
        if task.node is not None and (task.pipelines or task.node.ephemeral):
            for parent in sorted(set(task.parents) - known):
                location = task_location(project.folder, task)
                yield SCH111.at(*location, subject=task.name, node=task.name, parent=parent)


def _unplaced_tests(team: Team) -> Iterator[Finding]:
    """Tests of data that no DAG of the team builds, summed up in at most two findings."""
    test_plans = [{test.unique_id for test in plan.unplaced} for plan in team.test_plans.values()]
    unplaced = set.intersection(*test_plans) if test_plans else set()
    nodes, tables = team.project.manifest.nodes, team.project.tables
    others = {
        test
        for test in unplaced
        if any(read in tables and tables[read].is_global for read in nodes[test].depends_on.nodes)
    }
    for tests, data, hint in (
        (unplaced - others, "data that no pipeline builds, such as raw sources", None),
        (
            others,
            "other teams' tables",
            "test a model that reads the table; the table itself is tested by its own team",
        ),
    ):
        if tests:
            first = nodes[min(tests)].name
            words = {"tests": format_count(len(tests), "dbt test"), "data": data, "first": first}
            yield SCH110.at(str(team.project.folder / "scheduler.yaml"), subject=first, hint=hint, **words)


PLUGIN = Check(team=check)
