"""What a node asks for against what its lineage gives."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.config.schema.messages import and_others
from dbt_scheduler.findings.catalogue.nodes import SCH102
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
    hint='give "{parent}" pipelines too',
    why="Nothing builds what is read, so the reader works on whatever was built by hand last, or fails where "
    "nothing was.",
    example="""\
models:
  - name: stg_orders        # no pipelines
  - name: fct_orders        # reads ref("stg_orders")
    config: {meta: {scheduler: {pipelines: [daily]}}}
""",
    fix="Give it `pipelines`, or make the model ephemeral: an ephemeral model is a part of its readers. Functions "
    "have a section of their own in `dbt_project.yml`, `functions:`; what stands under `models:` does not reach "
    "them. A package's node gets pipelines there too, under the name of its package.",
)
PACKAGE_HINT = (
    'give "{parent}" pipelines too, in dbt_project.yml: '
    "{{kind}s: {{package}: {+meta: {scheduler: {pipelines: [...]}}}}}"
)
"""SCH105 and SCH106 of a package's node, whose files are not the team's to change."""
SCH106 = Rule(
    code="SCH106",
    severity=Severity.NOTE,
    summary="A scheduled node reads a seed or a view that no pipeline runs",
    message='{readers} the {kind} "{parent}", which no pipeline runs',
    hint='give "{parent}" pipelines too if it changes',
    why="A seed and a view hold no data of their own that could be late, but a change of theirs reaches the "
    "warehouse only when something runs them.",
    example="""\
seeds:
  - name: country_codes     # no pipelines
models:
  - name: dim_customers     # reads ref("country_codes")
    config: {meta: {scheduler: {pipelines: [daily]}}}
""",
    fix="Give it `pipelines`, or leave it if it is built in another way.",
)
SCH109 = Rule(
    code="SCH109",
    severity=Severity.NOTE,
    summary="A table is built in several pipelines",
    message='"{asset}" is built in several pipelines: {pipelines}',
    hint="keep one of them, unless each has to bring it up to date",
    why="Each pipeline builds the same table again. They never do so at the same moment, because their tasks share "
    "a pool with one slot (`dbt-scheduler pools` makes it), but which of them wrote last is for the clock to say.",
    example="""\
models:
  - name: dim_customers
    config: {meta: {scheduler: {pipelines: [hourly, daily]}}}
""",
    fix="Leave the most frequent pipeline only: a daily task waits for the last hour of its day by itself.",
)
SCH110 = Rule(
    code="SCH110",
    severity=Severity.NOTE,
    summary="dbt tests that no DAG runs",
    message='no DAG runs {tests} of {data}; one is "{first}"',
    hint="give what is tested pipelines, or test it elsewhere",
    why="A test runs with the node that it looks at; a source that no task of the team fills has no such moment.",
    example="A `not_null` test on a column of a source that is loaded from outside.",
    fix="Test the staging model that reads the source instead, or ignore this note.",
)
SCH111 = Rule(
    code="SCH111",
    summary="A node reads something that no task can build",
    message='"{node}" reads {parent}, which is neither a node nor a source: what it needs is not known',
    hint="read the model behind it, or a source, instead",
    why="Tasks run after what they read. Models, seeds, snapshots and functions are tasks, and sources may be "
    "waited for. Behind anything else, such as a metric, lineage ends, and the node would run before its data is "
    "there.",
    example="""\
-- models/kpis.sql
select * from {{ metric("revenue") }}
""",
    fix="Let the node read the models of which the metric is made. If it is something that dbt has only lately, "
    "see whether a newer dbt-scheduler knows it.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """Parents that nothing makes, assets that several pipelines make, and tests of what none makes."""
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


PLUGIN = Check(team=check)
