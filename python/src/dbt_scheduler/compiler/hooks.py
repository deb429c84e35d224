"""The first and last tasks of a DAG run: the team's operations, and the hooks of its dbt project."""

from collections.abc import Iterator

import msgspec

from dbt_scheduler.compiler.dbt_commands import DbtCommands
from dbt_scheduler.config.types import PlatformConfig, ProjectHooks
from dbt_scheduler.graph.lineage import DagGraph
from dbt_scheduler.graph.task_ids import name_of
from dbt_scheduler.project.types import Project
from dbt_scheduler.registry.entry import full_task_id
from dbt_scheduler.spec import ON_RUN_END, ON_RUN_START

_TASK = "project-hooks"
"""The name of the tasks that run a project's own hooks; macros cannot have it, because of its dash."""


class HookTask(msgspec.Struct, frozen=True):
    """A task of the group ``on_run_start`` or ``on_run_end``; ``project_hooks``: the hooks that it runs, if no macro."""

    group: str
    name: str
    command: tuple[str, ...]
    project_hooks: str | None = None

    @property
    def task_id(self) -> str:
        """The full task_id."""
        return full_task_id(self.group, name_of(self.name))


class Hooks(msgspec.Struct, frozen=True):
    """The tasks at the start and at the end of a run, in order.

    If ``left_out``, no other task of the DAG runs the project's own hooks.
    """

    start: tuple[HookTask, ...]
    end: tuple[HookTask, ...]
    left_out: bool

    @property
    def needs_results(self) -> bool:
        """Whether a task at the end runs hooks, which get the results of the other tasks."""
        return any(task.project_hooks for task in self.end)


def hooks_of(project: Project, platform: PlatformConfig, dbt: DbtCommands, dag: DagGraph) -> Hooks:
    """The operations of a DAG's runs, and the project's own hooks if the DAG has dbt tasks and runs hooks once."""
    settings = project.config.dbt_settings
    own = {hook.kind for hook in project.hooks if hook.own}
    builds = any(task.kind == "dbt" for task in dag.tasks.values())
    when = settings.project_hooks or platform.dbt.project_hooks
    once = own if builds and when is ProjectHooks.ONCE else ()

    def tasks(group: str, kind: str) -> Iterator[HookTask]:
        if kind in once:
            yield HookTask(group, _TASK, dbt.project_hooks(), kind)

    def operations(group: str, macros: tuple[str, ...]) -> Iterator[HookTask]:
        for macro in macros if settings.enabled else ():
            yield HookTask(group, macro, dbt.run_operation(macro))

    return Hooks(
        start=(*operations(ON_RUN_START, settings.on_run_start), *tasks(ON_RUN_START, "on-run-start")),
        end=(*tasks(ON_RUN_END, "on-run-end"), *operations(ON_RUN_END, settings.on_run_end)),
        left_out=bool(own) and when is not ProjectHooks.EVERY_TASK,
    )
