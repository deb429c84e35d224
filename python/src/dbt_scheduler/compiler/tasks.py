"""Turns the works of one DAG, its dbt tests and its hooks into the tasks of a DAG spec."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from dbt_scheduler.compiler.commands import INTERVAL_ENV, DbtRunner
from dbt_scheduler.compiler.docs import task_doc
from dbt_scheduler.compiler.hooks import Hooks, HookTask
from dbt_scheduler.compiler.microbatch import table_check, window
from dbt_scheduler.config import PlatformConfig
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
from dbt_scheduler.kinds import KINDS, Job, Operator, Place, Template, with_literals
from dbt_scheduler.manifest import Node
from dbt_scheduler.project.types import Project, Work
from dbt_scheduler.spec import Task

_DBT_ENV = {**INTERVAL_ENV, "DBT_FULL_REFRESH": Template("{{ 'true' if params.full_refresh else 'false' }}")}


class Workshop(msgspec.Struct, frozen=True, kw_only=True):
    """What all tasks of a team's DAG share; ``signalled`` are the assets that others wait for, or may.

    ``hooks`` are those of one DAG.
    """

    project: Project
    platform: PlatformConfig
    runner: DbtRunner
    cwd: str
    signalled: frozenset[str]
    hooks: Hooks = Hooks((), (), left_out=False)

    @property
    def dbt_env(self) -> dict[str, str]:
        """The variables of every dbt command."""
        return {**_DBT_ENV, **self.platform.dbt.paths(self.project.team)}

    def operator(self, kind: str, job: Job) -> Operator:
        """The operator that the kind's place makes of a job."""
        place = self.place(kind)
        return KINDS[kind][place.where](job, place)

    def pool(self, kind: str) -> str:
        """The Airflow pool of a kind's tasks on this platform."""
        return self.place(kind).pool or self.platform.defaults.pool

    def place(self, kind: str) -> Place:
        """Where a kind runs on this platform."""
        return self.platform.places[kind]


def make_tasks(shop: Workshop, dag: DagGraph, plan: TestPlan) -> tuple[Task, ...]:
    """Every task of the DAG but its sensors, sorted by id."""
    settings = shop.project.config.dbt_settings
    beside = plan.beside if settings.tests == "build" else {}
    ids = sensor_task_ids(dag)
    tasks = [_work_task(shop, dag, ids, work, beside.get(work.id, ())) for work in dag.works.values()]
    tasks = [*_after_tests(dag, plan, tasks), *_test_tasks(shop, dag, plan, own=settings.tests == "after")]
    return tuple(sorted([*_with_hooks(shop, tasks)], key=lambda task: task.task_id))


def _work_task(shop: Workshop, dag: DagGraph, ids: SensorIds, work: Work, tests: Iterable[Node]) -> Task:
    sensors = {ids[key] for wait in dag.waits[work.id] if (key := (wait.key, wait.dependency)) in ids}
    upstream = sensors | {task_id_of(dag.works[parent]) for parent in dag.upstream[work.id]}
    job = _node_job(shop, work, tests) if work.node else _declared_job(shop, work)
    team = shop.project.team
    reads = {f"{team}.{shop.project.asset(read)}" for read in dag.reads[work.id]}
    return _task(
        shop,
        task_id=task_id_of(work),
        group=group_of(work),
        kind=work.kind,
        job=job,
        upstream=tuple(sorted(upstream)),
        assets=tuple(f"{team}.{asset}" for asset in work.assets),
        reads=tuple(sorted(reads | {str(wait.key) for wait in dag.waits[work.id]})),
        owners=work.owners,
        doc=task_doc(work),
        retries=work.retries,
        timeout_seconds=work.timeout_seconds,
        signals=not shop.signalled.isdisjoint(work.assets),
        pool=_pool(shop, work),
    )


def _pool(shop: Workshop, work: Work) -> str:
    """The platform's pool for the work's kind, or one of its own for what several DAGs write.

    Airflow has no other limit across DAGs than a pool, and a task has only one: where the platform's has a
    single slot, it already keeps the writers apart.
    """
    pool = shop.pool(work.kind)
    if len(work.pipelines) > 1 and work.assets and shop.platform.pools.get(pool) != 1:
        return writer_pool_of(shop.project.team, work)
    return pool


def _node_job(shop: Workshop, work: Work, tests: Iterable[Node]) -> Job:
    assert work.node is not None  # noqa: S101 - a work without a task is a node
    job = _building_job(shop, work.name, shop.runner.build(work.node, tests))
    times = window(work.node)
    if not times:
        return job
    check = shop.runner.compile_inline(table_check(work.node))
    return msgspec.structs.replace(job, env={**job.env, **times}, table_check=check)


def _building_job(shop: Workshop, name: str, command: tuple[str, ...]) -> Job:
    """A dbt command that builds or tests nodes, and would run the project's hooks besides."""
    hooks = "none" if shop.hooks.left_out else None
    job = Job(name=name, command=command, cwd=shop.cwd, env=shop.dbt_env)
    return msgspec.structs.replace(job, project_hooks=hooks, keep_results=shop.hooks.needs_results)


def _declared_job(shop: Workshop, work: Work) -> Job:
    assert work.task is not None  # noqa: S101 - a work without a node is a task
    return Job(
        name=work.name,
        command=work.task.command,
        cwd=shop.cwd,
        env=INTERVAL_ENV,
        image=work.task.image,
        settings=work.task.settings,
    )


def _test_tasks(shop: Workshop, dag: DagGraph, plan: TestPlan, *, own: bool) -> Iterator[Task]:
    """A task for each test that has no single home and, with ``own``, one for the tests of each node."""
    if own:
        for host, tests in plan.beside.items():
            work = dag.works[host]
            yield _test_task(shop, work.name, shop.runner.test(tests), (task_id_of(work),))
    for alone in plan.alone:
        upstream = tuple(sorted(task_id_of(dag.works[work]) for work in alone.after))
        yield _test_task(shop, alone.test.name, shop.runner.test([alone.test]), upstream)


def _after_tests(dag: DagGraph, plan: TestPlan, tasks: Iterable[Task]) -> Iterator[Task]:
    """The tasks of a DAG's works, each after the tests that it has to wait for."""
    gates: dict[str, list[str]] = defaultdict(list)
    for alone in plan.alone:
        for work in alone.before:
            gates[task_id_of(dag.works[work])].append(test_task_id(alone.test.name))
    for task in tasks:
        upstream = tuple(sorted({*task.upstream, *gates.get(task.task_id, ())}))
        yield msgspec.structs.replace(task, upstream=upstream)


def _test_task(shop: Workshop, name: str, command: tuple[str, ...], upstream: tuple[str, ...]) -> Task:
    return _task(
        shop,
        task_id=test_task_id(name),
        group=DBT_TESTS,
        kind="dbt",
        job=_building_job(shop, name_of(name), command),
        upstream=upstream,
    )


def _with_hooks(shop: Workshop, tasks: list[Task]) -> Iterator[Task]:
    """The tasks between those at the start of a run and those at its end, one after the other."""
    before: tuple[str, ...] = ()
    for hook in shop.hooks.start:
        yield _hook_task(shop, hook, upstream=before)
        before = (hook.task_id,)
    for task in tasks:
        yield msgspec.structs.replace(task, upstream=task.upstream or before)
    needed = {parent for task in tasks for parent in task.upstream}
    before = tuple(sorted(task.task_id for task in tasks if task.task_id not in needed))
    results = tuple(task.task_id for task in tasks if "keep_results" in task.arguments)
    for hook in shop.hooks.end:
        yield _hook_task(shop, hook, results if hook.project_hooks else (), upstream=before, teardown=True)
        before = (hook.task_id,)


def _hook_task(
    shop: Workshop,
    hook: HookTask,
    results_of: tuple[str, ...] = (),
    **fields: Any,  # noqa: ANN401 - of a Task
) -> Task:
    job = Job(
        name=hook.name,
        command=hook.command,
        cwd=shop.cwd,
        env=shop.dbt_env,
        project_hooks=hook.project_hooks,
        results_of=results_of,
    )
    return _task(shop, task_id=hook.task_id, group=hook.group, kind="dbt", job=job, **fields)


def _task(
    shop: Workshop,
    *,
    kind: str,
    job: Job,
    retries: int | None = None,
    timeout_seconds: int | None = None,
    **fields: Any,  # noqa: ANN401 - of a Task
) -> Task:
    operator = shop.operator(kind, job)
    defaults = shop.platform.defaults
    return Task(
        kind=kind,
        operator=operator.path,
        arguments={name: with_literals(value) for name, value in operator.arguments.items()},
        retries=defaults.retries if retries is None else retries,
        retry_delay_seconds=defaults.retry_delay_seconds,
        timeout_seconds=defaults.timeout_seconds if timeout_seconds is None else timeout_seconds,
        **{"pool": shop.pool(kind), **fields},
    )
