"""Resolves the conditions and assets of the tasks in ``scheduler.yaml``."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from dbt_scheduler.config.types import TaskConfig, TeamConfig
from dbt_scheduler.findings.catalogue.tasks import SCH203, SCH205, SCH206, SCH207, SCH208, SCH209, SCH214
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.project.derived_pipelines import derive_pipelines
from dbt_scheduler.project.names import NameIndex
from dbt_scheduler.project.types import ProjectTask, Table, node_relation
from dbt_scheduler.registry.relation import Relation, Relations


class DeclaredTasks(msgspec.Struct, frozen=True):
    """The declared tasks, for each source table that they fill its task (``makers``) and asset, and the findings."""

    tasks: tuple[ProjectTask, ...]
    makers: dict[str, str]
    table_assets: dict[str, str]
    findings: tuple[Finding, ...]


class Scope(msgspec.Struct, frozen=True):
    """What the declared tasks of a team can refer to."""

    file: str
    names: NameIndex
    pipelines: Collection[str]
    disabled: Collection[str]
    nodes: Mapping[str, ProjectTask]


def declare_tasks(config: TeamConfig, scope: Scope) -> DeclaredTasks:
    """Resolve every task's assets, then its conditions, then its pipelines."""
    resolver = _TaskResolver(scope)
    for task in config.tasks:
        resolver.resolve_assets(task)
    resolver.find_shared_tables()
    assets = resolver.asset_names()
    tasks = [resolver.project_task(task, assets) for task in config.tasks]
    open_ = {
        project_task.id
        for project_task in tasks
        if project_task.declaration and not project_task.declaration.pipelines
    }
    derived = derive_pipelines(
        {**scope.nodes, **{project_task.id: project_task for project_task in tasks}}, resolver.makers, open_
    )
    tasks = [
        msgspec.structs.replace(project_task, pipelines=derived.get(project_task.id, project_task.pipelines))
        for project_task in tasks
    ]
    resolver.findings += [
        resolver.underivable(project_task)
        for project_task in tasks
        if project_task.id in open_ and not project_task.pipelines
    ]
    return DeclaredTasks(tuple(tasks), resolver.makers, assets, tuple(resolver.findings))


def declared_task_id(task: TaskConfig) -> str:
    """The id of a declared task, in the form of dbt's unique_ids."""
    return f"task.{task.name}"


class _TaskResolver:
    """Resolves a team's declared tasks; ``makers`` maps each filled table to its task."""

    def __init__(self, scope: Scope) -> None:
        self.makers: dict[str, str] = {}
        self.findings: list[Finding] = []
        self._scope = scope
        self._filled: dict[str, Table] = {}
        self._fills: list[tuple[TaskConfig, str, Table]] = []

    def resolve_assets(self, task: TaskConfig) -> None:
        for asset in task.assets:
            table = self._asset_table(task, asset)
            if table is not None:
                self.makers.setdefault(table.id, declared_task_id(task))
                self._filled[table.id] = table
                self._fills.append((task, asset, table))

    def find_shared_tables(self) -> None:
        """SCH208: a table that two tasks fill, under the same or different names, or that a dbt node also builds."""
        filled = ((table.relation, (declared_task_id(task), task.name)) for task, _, table in self._fills)
        writers = Relations((*_built(self._scope.nodes.values()), *filled))
        for task, asset, table in self._fills:
            first = writers.first_at(table.relation)
            if first and first[0] != declared_task_id(task):
                words = {"asset": asset, "first": first[1], "second": task.name}
                self._report(SCH208.at(*self._location(task), subject=task.name, **words))

    def asset_names(self) -> dict[str, str]:
        """The asset of each filled table: the table's name, or ``source.table`` if that is ambiguous."""
        uses = Counter(table.name for table in self._filled.values())
        names = self._scope.names
        return {
            table.id: table.full_name if uses[table.name] > 1 or names.find_tasks(table.name) else table.name
            for table in self._filled.values()
        }

    def project_task(self, task: TaskConfig, assets: Mapping[str, str]) -> ProjectTask:
        filled = [table for table, maker in self.makers.items() if maker == declared_task_id(task)]
        return ProjectTask(
            id=declared_task_id(task),
            name=task.name,
            group=task.group,
            pipelines=tuple(self._known_pipelines(task)),
            parents=tuple(self._parents(task)),
            assets=tuple(assets[table] for table in filled),
            owners=task.owners,
            retries=task.retries,
            timeout_seconds=task.timeout_seconds,
            queue=task.queue,
            pool=task.pool,
            priority=task.priority,
            settings=task.settings,
            declaration=task,
        )

    def underivable(self, project_task: ProjectTask) -> Finding:
        reason = "neither its conditions nor the models that read its assets have a pipeline in common"
        if not project_task.parents and not project_task.assets:
            reason = "it has no conditions and no assets of this team"
        line = project_task.declaration.line if project_task.declaration else 0
        return SCH209.at(
            self._scope.file, line, subject=project_task.name, task=project_task.name, reason=reason
        )

    def _asset_table(self, task: TaskConfig, asset: str) -> Table | None:
        names = self._scope.names
        found = [table for table in names.find_tables(asset) if not table.is_global]
        if len(found) == 1:
            return found[0]
        if found:
            self._report(self._ambiguous(task, asset, [table.full_name for table in found]))
            return None
        if names.find_tables(asset):
            hint = "the table is declared as another team's asset, which a task of this team cannot fill"
        elif names.find_tasks(asset):
            hint = "a task fills source tables, but this is a dbt node, which dbt builds"
        else:
            hint = did_you_mean(asset, names.tables)
        self._report(
            SCH207.at(
                *self._location(task), subject=task.name, hint=hint or None, task=task.name, asset=asset
            )
        )
        return None

    def _parents(self, task: TaskConfig) -> Iterator[str]:
        for condition in task.conditions:
            tasks = self._scope.names.find_tasks(condition)
            tables = self._scope.names.find_tables(condition)
            waited = [table for table in tables if table.is_global or table.id in self.makers]
            waited += self._scope.names.find_externals(condition)
            if len(tasks) + len(waited) > 1:
                choices = [
                    *(project_task.id for project_task in tasks),
                    *(table.full_name for table in waited),
                ]
                self._report(self._ambiguous(task, condition, choices))
            elif tasks or waited:
                yield from (item.id for item in tasks)
                yield from (item.id for item in waited)
            elif tables:  # A table that no task fills is not a wait, but it is still an input.
                yield from (table.id for table in tables)
            else:
                self._report(self._unknown_condition(task, condition))

    def _ambiguous(self, task: TaskConfig, name: str, choices: list[str]) -> Finding:
        example = next((choice for choice in choices if choice.count(".") == 1), choices[0])
        words = {"name": name, "choices": ", ".join(choices), "example": example}
        return SCH206.at(*self._location(task), subject=task.name, task=task.name, **words)

    def _unknown_condition(self, task: TaskConfig, condition: str) -> Finding:
        words = {"task": task.name, "condition": condition}
        if condition in self._scope.disabled:
            words |= {"state": "disabled in dbt"}
            hint = "enable it in dbt, or remove it from the conditions"
            return SCH214.at(*self._location(task), subject=task.name, hint=hint, **words)
        hint = did_you_mean(condition, self._scope.names.known())
        return SCH205.at(*self._location(task), subject=task.name, hint=hint or None, **words)

    def _known_pipelines(self, task: TaskConfig) -> Iterator[str]:
        known = self._scope.pipelines
        for pipeline in task.pipelines:
            if pipeline in known:
                yield pipeline
                continue
            hint = did_you_mean(pipeline, known) or None
            words = {
                "where": f'task "{task.name}"',
                "pipeline": pipeline,
                "pipelines": ", ".join(sorted(known)),
            }
            self._report(SCH203.at(*self._location(task), subject=task.name, hint=hint, **words))

    def _location(self, task: TaskConfig) -> tuple[str, int]:
        return self._scope.file, task.line

    def _report(self, finding: Finding) -> None:
        self.findings.append(finding)


def _built(tasks: Iterable[ProjectTask]) -> Iterator[tuple[Relation, tuple[str, str]]]:
    """The relations of the nodes that run, each with the id and the name of its task."""
    for project_task in tasks:
        if project_task.node and project_task.pipelines and project_task.node.is_table:
            yield node_relation(project_task.node), (project_task.id, project_task.name)
