"""What a DAG makes of an asset: the assets of the tasks that run after the one that makes it."""

from collections import defaultdict
from collections.abc import Iterator

from dbt_scheduler.registry import AssetKey
from dbt_scheduler.spec import DagSpec


def made_of(key: AssetKey, spec: DagSpec) -> Iterator[tuple[AssetKey, str]]:
    """The assets downstream of one within a DAG, each with the DAG's pipeline."""
    tasks = {task.task_id: task for task in spec.tasks}
    after: dict[str, list[str]] = defaultdict(list)
    for task in spec.tasks:
        for parent in task.upstream:
            after[parent].append(task.task_id)
    stack = [task.task_id for task in spec.tasks if str(key) in task.assets]
    seen = set(stack)
    while stack:
        for below in after[stack.pop()]:
            if below not in seen:
                seen.add(below)
                stack.append(below)
                names = (asset.removeprefix(f"{spec.team}.") for asset in tasks[below].assets)
                yield from ((AssetKey(spec.team, name), spec.pipeline) for name in names)
