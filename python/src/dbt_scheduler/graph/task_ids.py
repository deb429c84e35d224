"""Derives the Airflow ids of tasks, tests, hooks and sensors."""

import re
from collections import Counter
from functools import cache

from dbt_scheduler.graph.lineage import AssetDependency, DagGraph
from dbt_scheduler.project.types import DependencyKind, ProjectTask
from dbt_scheduler.registry.entry import AssetKey, full_task_id
from dbt_scheduler.spec import ON_RUN_END, ON_RUN_START, ONE_WRITER, sensor_group

DBT_TESTS = "dbt_tests"
SENSOR_GROUPS = {each: sensor_group(each) for each in (DependencyKind.HARD, DependencyKind.SOFT)}
RESERVED_GROUPS = frozenset({ON_RUN_START, ON_RUN_END, DBT_TESTS, *SENSOR_GROUPS.values()})

SensorIds = dict[AssetDependency, str]
"""The sensor's full task_id for each wait of a DAG that has one; ``no_wait`` has none."""

_NOT_IN_GROUPS, _NOT_IN_NAMES = re.compile(r"[^\w-]"), re.compile(r"[^\w.-]")
_NOT_IN_POOLS = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_POOL = 250
"""Airflow's limit is 256."""
_LONGEST_NAME = 180
_LONGEST_GROUP = 60
"""With the dot between them, name and group stay below Airflow's limit of 250 for a task_id."""


def group_of(task: ProjectTask) -> str | None:
    """A valid task group id: letters, digits, underscores and dashes, as Airflow requires; None without a group."""
    return _fit(_NOT_IN_GROUPS.sub("_", task.group), _LONGEST_GROUP) if task.group else None


@cache  # called a dozen times per name: for the task itself and as an upstream task
def name_of(name: str) -> str:
    """A task_id within its group: the characters of a group, and dots."""
    return _fit(_NOT_IN_NAMES.sub("_", name), _LONGEST_NAME)


def task_id_of(task: ProjectTask) -> str:
    """A task's full task_id."""
    return full_task_id(group_of(task), name_of(task.name))


def writer_pool_of(team: str, task: ProjectTask) -> str:
    """The pool with one slot for a task in several DAGs; of letters, digits, ``_``, ``-`` and ``.``."""
    return _fit(ONE_WRITER + _NOT_IN_POOLS.sub("_", f"{team}.{task.name}"), _LONGEST_POOL)


def test_task_id(name: str) -> str:
    """The full task_id of a dbt test with its own task, or of the tests of a node."""
    return full_task_id(DBT_TESTS, name_of(name))


def sensor_task_ids(dag: DagGraph) -> SensorIds:
    """One sensor per asset and dependency kind; the name includes the team if two teams' assets share a name."""
    waited = {wait for waits in dag.waits.values() for wait in waits}
    uses = Counter(name_of(key.asset) for key in {wait.key for wait in waited})

    def name(key: AssetKey) -> str:
        return name_of(key.asset if uses[name_of(key.asset)] == 1 else f"{key.team}__{key.asset}")

    return {
        wait: full_task_id(SENSOR_GROUPS[wait.dependency], name(wait.key))
        for wait in sorted(waited)
        if wait.dependency in SENSOR_GROUPS
    }


def _fit(text: str, longest: int) -> str:
    """Truncate a long text, with a digest of the full text so that two long names stay different."""
    if len(text) <= longest:
        return text
    import hashlib  # noqa: PLC0415 - loads OpenSSL, only for long names

    return f"{text[: longest - 9]}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
