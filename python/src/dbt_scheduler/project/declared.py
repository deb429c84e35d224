"""The tasks of ``scheduler.yaml``: what their conditions and assets mean in this project."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from dbt_scheduler.catalogue.tasks import SCH203, SCH205, SCH206, SCH207, SCH208, SCH209, SCH214
from dbt_scheduler.config import TaskConfig, TeamConfig
from dbt_scheduler.errors import Finding
from dbt_scheduler.project.derived import derive_pipelines
from dbt_scheduler.project.names import Names
from dbt_scheduler.project.types import Table, Work, node_relation
from dbt_scheduler.relation import Relation, Relations
from dbt_scheduler.suggest import did_you_mean


class Declared(msgspec.Struct, frozen=True):
    """The declared tasks as works, the tables they fill (to work id, and to asset), and what was wrong."""

    works: tuple[Work, ...]
    makers: dict[str, str]
    table_assets: dict[str, str]
    findings: tuple[Finding, ...]


class Surroundings(msgspec.Struct, frozen=True):
    """What the declared tasks of a team can refer to."""

    file: str
    names: Names
    pipelines: Collection[str]
    disabled: Collection[str]
    nodes: Mapping[str, Work]


def declare_tasks(config: TeamConfig, around: Surroundings) -> Declared:
    """Resolve every task's assets, then its conditions, then its pipelines."""
    declaring = _Declaring(around)
    for task in config.tasks:
        declaring.resolve_assets(task)
    declaring.find_shared_tables()
    assets = declaring.asset_names()
    works = [declaring.work(task, assets) for task in config.tasks]
    open_ = {work.id for work in works if work.task and not work.task.pipelines}
    derived = derive_pipelines({**around.nodes, **{work.id: work for work in works}}, declaring.makers, open_)
    works = [msgspec.structs.replace(work, pipelines=derived.get(work.id, work.pipelines)) for work in works]
    declaring.findings += [
        declaring.underivable(work) for work in works if work.id in open_ and not work.pipelines
    ]
    return Declared(tuple(works), declaring.makers, assets, tuple(declaring.findings))


def work_id(task: TaskConfig) -> str:
    """The id of a declared task, in the manner of dbt's unique ids."""
    return f"task.{task.name}"


class _Declaring:
    """One pass over a team's declared tasks: which of them fills which table (``makers``), what was wrong."""

    def __init__(self, around: Surroundings) -> None:
        self.makers: dict[str, str] = {}
        self.findings: list[Finding] = []
        self._around = around
        self._filled: dict[str, Table] = {}
        self._fills: list[tuple[TaskConfig, str, Table]] = []

    def resolve_assets(self, task: TaskConfig) -> None:
        for asset in task.assets:
            table = self._asset_table(task, asset)
            if table is not None:
                self.makers.setdefault(table.id, work_id(task))
                self._filled[table.id] = table
                self._fills.append((task, asset, table))

    def find_shared_tables(self) -> None:
        """SCH208: a table that two tasks fill, also under two names, or that dbt builds as well."""
        filled = ((table.relation, (work_id(task), task.name)) for task, _, table in self._fills)
        writers = Relations((*_built(self._around.nodes.values()), *filled))
        for task, asset, table in self._fills:
            first = writers.first_at(table.relation)
            if first and first[0] != work_id(task):
                words = {"asset": asset, "first": first[1], "second": task.name}
                self._find(SCH208.at(*self._place(task), subject=task.name, **words))

    def asset_names(self) -> dict[str, str]:
        """A filled table's asset is called after it, or ``source.table`` where that alone is ambiguous."""
        uses = Counter(table.name for table in self._filled.values())
        names = self._around.names
        return {
            table.id: table.full_name if uses[table.name] > 1 or names.find_works(table.name) else table.name
            for table in self._filled.values()
        }

    def work(self, task: TaskConfig, assets: Mapping[str, str]) -> Work:
        filled = [table for table, maker in self.makers.items() if maker == work_id(task)]
        return Work(
            id=work_id(task),
            name=task.name,
            group=task.group,
            pipelines=tuple(self._known_pipelines(task)),
            parents=tuple(self._parents(task)),
            assets=tuple(assets[table] for table in filled),
            owners=task.owners,
            retries=task.retries,
            timeout_seconds=task.timeout_seconds,
            task=task,
        )

    def underivable(self, work: Work) -> Finding:
        reason = "neither its conditions nor the readers of its assets share any"
        if not work.parents and not work.assets:
            reason = "it has neither conditions nor assets of this team"
        line = work.task.line if work.task else 0
        return SCH209.at(self._around.file, line, subject=work.name, task=work.name, reason=reason)

    def _asset_table(self, task: TaskConfig, asset: str) -> Table | None:
        names = self._around.names
        found = [table for table in names.find_tables(asset) if not table.is_global]
        if len(found) == 1:
            return found[0]
        if found:
            self._find(self._ambiguous(task, asset, [table.full_name for table in found]))
            return None
        if names.find_tables(asset):
            hint = "this table is declared as another team's asset: a task of this team cannot fill it"
        elif names.find_works(asset):
            hint = "a task fills source tables; this is a dbt node, which dbt builds itself"
        else:
            hint = did_you_mean(asset, names.tables)
        self._find(
            SCH207.at(*self._place(task), subject=task.name, hint=hint or None, task=task.name, asset=asset)
        )
        return None

    def _parents(self, task: TaskConfig) -> Iterator[str]:
        for condition in task.conditions:
            works = self._around.names.find_works(condition)
            tables = self._around.names.find_tables(condition)
            waited = [table for table in tables if table.is_global or table.id in self.makers]
            waited += self._around.names.find_externals(condition)
            if len(works) + len(waited) > 1:
                choices = [*(work.id for work in works), *(table.full_name for table in waited)]
                self._find(self._ambiguous(task, condition, choices))
            elif works or waited:
                yield from (item.id for item in works)
                yield from (item.id for item in waited)
            elif tables:  # That nobody fills them makes them no wait; they are read all the same.
                yield from (table.id for table in tables)
            else:
                self._find(self._unknown_condition(task, condition))

    def _ambiguous(self, task: TaskConfig, name: str, choices: list[str]) -> Finding:
        example = next((choice for choice in choices if choice.count(".") == 1), choices[0])
        words = {"name": name, "choices": ", ".join(choices), "example": example}
        return SCH206.at(*self._place(task), subject=task.name, task=task.name, **words)

    def _unknown_condition(self, task: TaskConfig, condition: str) -> Finding:
        words = {"task": task.name, "condition": condition}
        if condition in self._around.disabled:
            words |= {"state": "disabled in dbt"}
            hint = "enable it in dbt, or take it out of the conditions"
            return SCH214.at(*self._place(task), subject=task.name, hint=hint, **words)
        hint = did_you_mean(condition, self._around.names.known())
        return SCH205.at(*self._place(task), subject=task.name, hint=hint or None, **words)

    def _known_pipelines(self, task: TaskConfig) -> Iterator[str]:
        known = self._around.pipelines
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
            self._find(SCH203.at(*self._place(task), subject=task.name, hint=hint, **words))

    def _place(self, task: TaskConfig) -> tuple[str, int]:
        return self._around.file, task.line

    def _find(self, finding: Finding) -> None:
        self.findings.append(finding)


def _built(works: Iterable[Work]) -> Iterator[tuple[Relation, tuple[str, str]]]:
    """The tables and views of the nodes that run, each with the id and the name of its work."""
    for work in works:
        if work.node and work.pipelines and work.node.resource_type != "function":
            yield node_relation(work.node), (work.id, work.name)
