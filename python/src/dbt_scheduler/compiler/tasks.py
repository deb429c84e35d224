"""Turns the tasks of one DAG, its dbt tests and its hooks into the tasks of a DAG spec."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from dbt_scheduler.compiler.dbt_commands import INTERVAL_ENV, DbtCommands
from dbt_scheduler.compiler.docs import task_doc
from dbt_scheduler.compiler.hooks import Hooks, HookTask
from dbt_scheduler.compiler.microbatch import table_check, window
from dbt_scheduler.config.types import PlatformConfig
from dbt_scheduler.graph.dbt_tests import TestPlan
from dbt_scheduler.graph.lineage import DagGraph
from dbt_scheduler.graph.task_ids import (
    DBT_TESTS,
    SensorIds,
    group_of,
    name_of,
    sensor_task_ids,
    task_id_of,
    test_task_id,
    writer_pool_of,
)
from dbt_scheduler.kinds import Job, Template, with_literals
from dbt_scheduler.kinds.places import Operator, PlaceSettings, operator_of
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.project.types import Project, ProjectTask
from dbt_scheduler.spec import Task

_DBT_ENV = {**INTERVAL_ENV, "DBT_FULL_REFRESH": Template("{{ 'true' if params.full_refresh else 'false' }}")}


class CompileContext(msgspec.Struct, frozen=True, kw_only=True):
    """What all tasks of a team share; ``awaited_assets`` are the assets that other DAGs wait for, or may.

    ``hooks`` are those of the DAG of ``pipeline``.
    """

    project: Project
    platform: PlatformConfig
    dbt: DbtCommands
    cwd: str
    awaited_assets: frozenset[str]
    hooks: Hooks = Hooks((), (), left_out=False)
    pipeline: str = ""

    @property
    def dbt_env(self) -> dict[str, str]:
        """The environment variables of every dbt command."""
        return {**_DBT_ENV, **self.platform.dbt.paths(self.project.team)}

    def operator(self, kind: str, job: Job) -> Operator:
        """The operator for a job, in the place of its kind."""
        return operator_of(kind, job, self.place(kind))

    def pool(self, kind: str) -> str:
        """The Airflow pool of a kind's tasks on this platform."""
        return self.place(kind).pool or self.platform.defaults.pool

    def place(self, kind: str) -> PlaceSettings:
        """The platform's settings for the place of a kind."""
        return self.platform.places[kind]


def make_tasks(context: CompileContext, dag: DagGraph, plan: TestPlan) -> tuple[Task, ...]:
    """All tasks of the DAG except its sensors, sorted by task_id."""
    settings = context.project.config.dbt_settings
    in_task = plan.in_task if settings.tests == "build" else {}
    ids = sensor_task_ids(dag)
    tasks = [
        _spec_task(context, dag, ids, project_task, in_task.get(project_task.id, ()))
        for project_task in dag.tasks.values()
    ]
    tasks = [*_after_tests(dag, plan, tasks), *_test_tasks(context, dag, plan, own=settings.tests == "after")]
    return tuple(sorted([*_with_hooks(context, tasks)], key=lambda task: task.task_id))


def _spec_task(
    context: CompileContext, dag: DagGraph, ids: SensorIds, project_task: ProjectTask, tests: Iterable[Node]
) -> Task:
    sensors = {ids[wait] for wait in dag.waits[project_task.id] if wait in ids}
    upstream = sensors | {task_id_of(dag.tasks[parent]) for parent in dag.upstream[project_task.id]}
    job = (
        _node_job(context, project_task, tests) if project_task.node else _declared_job(context, project_task)
    )
    team = context.project.team
    reads = {f"{team}.{context.project.asset(read)}" for read in dag.reads[project_task.id]}
    return _task(
        context,
        task_id=task_id_of(project_task),
        group=group_of(project_task),
        kind=project_task.kind,
        job=job,
        upstream=tuple(sorted(upstream)),
        assets=tuple(f"{team}.{asset}" for asset in project_task.assets),
        reads=tuple(sorted(reads | {str(wait.key) for wait in dag.waits[project_task.id]})),
        owners=project_task.owners,
        doc=task_doc(project_task),
        retries=project_task.retries,
        timeout_seconds=project_task.timeout_seconds,
        signals=not context.awaited_assets.isdisjoint(project_task.assets),
        pool=_pool(context, project_task),
        **_given(queue=project_task.queue, priority=project_task.priority),
    )


def _pool(context: CompileContext, project_task: ProjectTask) -> str:
    """The task's pool, or the platform's for its kind; a pool of its own if several DAGs write the table.

    A pool is Airflow's only limit across DAGs, and a task has only one: a pool with a single slot already prevents
    concurrent writes.
    """
    pool = project_task.pool or context.pool(project_task.kind)
    if project_task.has_several_writers and context.platform.pools.get(pool) != 1:
        return writer_pool_of(f"{context.platform.dag_prefix}{context.project.team}", project_task)
    return pool


def _node_job(context: CompileContext, project_task: ProjectTask, tests: Iterable[Node]) -> Job:
    assert project_task.node is not None  # noqa: S101 - a task without a declaration is a dbt node
    job = _building_job(context, project_task.name, context.dbt.build(project_task.node, tests))
    job = msgspec.structs.replace(job, settings={**job.settings, **project_task.settings})
    times = window(project_task.node)
    if not times:
        return job
    check = context.dbt.compile_inline(table_check(project_task.node))
    return msgspec.structs.replace(job, env={**job.env, **times}, table_check=check)


def _building_job(context: CompileContext, name: str, command: tuple[str, ...]) -> Job:
    """A dbt command that builds or tests nodes; it runs the project's own hooks too, unless hook tasks do."""
    return _dbt_job(
        context,
        name,
        command,
        project_hooks="none" if context.hooks.left_out else None,
        keep_results=context.hooks.needs_results,
        preload=context.platform.dbt.preload,
    )


def _dbt_job(
    context: CompileContext,
    name: str,
    command: tuple[str, ...],
    **fields: Any,  # noqa: ANN401 - those of Job
) -> Job:
    """A dbt command of the team."""
    own = context.project.config.dbt_settings
    return Job(
        name=name,
        command=command,
        cwd=context.cwd,
        env=context.dbt_env,
        image=own.image,
        settings=own.settings,
        **fields,
    )


def _declared_job(context: CompileContext, project_task: ProjectTask) -> Job:
    assert project_task.declaration is not None  # noqa: S101 - a task that is not a dbt node is declared
    return Job(
        name=project_task.name,
        command=project_task.declaration.command,
        cwd=context.cwd,
        env=INTERVAL_ENV,
        image=project_task.declaration.image,
        settings=project_task.settings,
    )


def _test_tasks(context: CompileContext, dag: DagGraph, plan: TestPlan, *, own: bool) -> Iterator[Task]:
    """A task for each standalone test and, with ``own``, one for the tests of each node."""
    if own:
        for host, tests in plan.in_task.items():
            project_task = dag.tasks[host]
            yield _test_task(context, project_task.name, context.dbt.test(tests), (task_id_of(project_task),))
    for standalone in plan.standalone:
        upstream = tuple(sorted(task_id_of(dag.tasks[parent]) for parent in standalone.after))
        yield _test_task(context, standalone.test.name, context.dbt.test([standalone.test]), upstream)


def _after_tests(dag: DagGraph, plan: TestPlan, tasks: Iterable[Task]) -> Iterator[Task]:
    """The tasks of a DAG, downstream of the standalone tests that they wait for."""
    gates: dict[str, list[str]] = defaultdict(list)
    for standalone in plan.standalone:
        for reader in standalone.before:
            gates[task_id_of(dag.tasks[reader])].append(test_task_id(standalone.test.name))
    for task in tasks:
        upstream = tuple(sorted({*task.upstream, *gates.get(task.task_id, ())}))
        yield msgspec.structs.replace(task, upstream=upstream)


def _test_task(
    context: CompileContext, name: str, command: tuple[str, ...], upstream: tuple[str, ...]
) -> Task:
    return _task(
        context,
        task_id=test_task_id(name),
        group=DBT_TESTS,
        kind="dbt",
        job=_building_job(context, name_of(name), command),
        upstream=upstream,
    )


def _with_hooks(context: CompileContext, tasks: list[Task]) -> Iterator[Task]:
    """The tasks, between those at the start of a run and those at its end; the latter run one after the other."""
    before: tuple[str, ...] = ()
    for hook in context.hooks.start:
        yield _hook_task(context, hook, upstream=before)
        before = (hook.task_id,)
    for task in tasks:
        yield msgspec.structs.replace(task, upstream=task.upstream or before)
    needed = {parent for task in tasks for parent in task.upstream}
    before = tuple(sorted(task.task_id for task in tasks if task.task_id not in needed))
    results = tuple(task.task_id for task in tasks if "keep_results" in task.arguments)
    for hook in context.hooks.end:
        yield _hook_task(context, hook, results if hook.project_hooks else (), upstream=before, teardown=True)
        before = (hook.task_id,)


def _hook_task(
    context: CompileContext,
    hook: HookTask,
    results_of: tuple[str, ...] = (),
    **fields: Any,  # noqa: ANN401 - those of Task
) -> Task:
    job = _dbt_job(context, hook.name, hook.command, project_hooks=hook.project_hooks, results_of=results_of)
    return _task(context, task_id=hook.task_id, group=hook.group, kind="dbt", job=job, **fields)


def _task(
    context: CompileContext,
    *,
    kind: str,
    job: Job,
    retries: int | None = None,
    timeout_seconds: int | None = None,
    **fields: Any,  # noqa: ANN401 - those of Task
) -> Task:
    labels = {"team": context.project.team, "pipeline": context.pipeline, "task": fields["task_id"]}
    if assets := fields.get("assets"):
        labels["asset"] = ",".join(assets)
    operator = context.operator(kind, msgspec.structs.replace(job, labels=labels))
    defaults, place = context.platform.defaults, context.place(kind)
    return Task(
        kind=kind,
        operator=operator.path,
        arguments={name: with_literals(value) for name, value in operator.arguments.items()},
        retries=defaults.retries if retries is None else retries,
        retry_delay_seconds=defaults.retry_delay_seconds,
        timeout_seconds=defaults.timeout_seconds if timeout_seconds is None else timeout_seconds,
        **_given(max_retry_delay_seconds=defaults.max_retry_delay_seconds),
        **{
            "pool": context.pool(kind),
            **_given(queue=place.queue, priority=place.priority),
            **fields,
        },
    )


def _given(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - those of Task
    """The values that are not None; the spec omits the others."""
    return {name: value for name, value in fields.items() if value is not None}
