"""The readers of a project's tables, and the ancestors of its nodes."""

from collections import defaultdict
from collections.abc import Mapping

from dbt_scheduler.project.types import Project


def readers(project: Project) -> Mapping[str, list[str]]:
    """For each id the ids of the nodes, declared tasks and exposures that read it, sorted.

    Tests are left out: they build nothing from the data.
    """
    found: dict[str, list[str]] = defaultdict(list)
    nodes = [node for node in project.manifest.nodes.values() if node.resource_type != "test"]
    parents = {node.unique_id: node.depends_on.nodes for node in nodes}
    parents |= {each.unique_id: each.depends_on.nodes for each in project.manifest.exposures.values()}
    parents |= {task.id: task.parents for task in project.tasks.values()}
    for reader, read in sorted(parents.items()):
        for parent in dict.fromkeys(read):
            found[parent].append(reader)
    return found


def built_from(project: Project, node: str) -> set[str]:
    """The ids of a node and of all its ancestors in the manifest."""
    found, queue = {node}, [node]
    while queue:
        above = project.manifest.nodes.get(queue.pop())
        for parent in above.depends_on.nodes if above else ():
            if parent not in found:
                found.add(parent)
                queue.append(parent)
    return found
