"""Finds ``scheduler`` keys of nodes that are misspelled or not under ``meta``, and would be ignored silently."""

from collections import defaultdict
from collections.abc import Iterator

from dbt_scheduler.config.schema.messages import and_others
from dbt_scheduler.findings.catalogue.nodes import SCH114
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.project.locations import node_location, project_file_location
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.project.node_settings import META_KEYS
from dbt_scheduler.project.types import Project


def ignored_keys(project: Project) -> Iterator[Finding]:
    """SCH114, once for each misspelled or misplaced key of the project's own nodes."""
    own = project.manifest.metadata.project_name
    under_meta: dict[str, list[Node]] = defaultdict(list)
    under_config: dict[str, list[Node]] = defaultdict(list)
    for task in project.tasks.values():
        if task.node and task.node.package_name == own:
            for key in task.node.config.meta:
                under_meta[key].append(task.node)
            for key in META_KEYS:
                if getattr(task.node.config, key) is not None:
                    under_config[key].append(task.node)
    for key in sorted(under_meta.keys() - set(META_KEYS)):
        if hint := did_you_mean(key, META_KEYS):
            nodes = under_meta[key]
            place = project_file_location(project.folder, key) or node_location(project.folder, nodes[0])
            yield SCH114.at(*place, subject=key, hint=hint, nodes=_having(nodes), key=key, parent="meta")
    for key, nodes in sorted(under_config.items()):
        place = project_file_location(project.folder, f"+{key}") or node_location(project.folder, nodes[0])
        hint = f"move it under meta: {{meta: {{{key}: ...}}}}"
        yield SCH114.at(*place, subject=key, hint=hint, nodes=_having(nodes), key=key, parent="config")


def _having(nodes: list[Node]) -> str:
    return f"{and_others([node.name for node in nodes])} {'has' if len(nodes) == 1 else 'have'}"
