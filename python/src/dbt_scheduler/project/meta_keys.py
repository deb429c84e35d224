"""Finds ``scheduler`` keys of nodes that are misspelled or not under ``meta``, and would be ignored silently."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from dbt_scheduler.files import read_lines
from dbt_scheduler.findings.catalogue.nodes import SCH114
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.project.locations import node_location
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
            place = _in_project_file(project.folder, key) or node_location(project.folder, nodes[0])
            yield SCH114.at(*place, subject=key, hint=hint, nodes=_count(nodes), key=key, parent="meta")
    for key, nodes in sorted(under_config.items()):
        place = _in_project_file(project.folder, f"+{key}") or node_location(project.folder, nodes[0])
        hint = f"move it under meta: {{meta: {{{key}: ...}}}}"
        yield SCH114.at(*place, subject=key, hint=hint, nodes=_count(nodes), key=key, parent="config")


def _count(nodes: list[Node]) -> str:
    others = len(nodes) - 1
    named = f'"{nodes[0].name}"'
    return f"{named} has" if not others else f"{named} and {others} more have"


def _in_project_file(folder: Path, key: str) -> tuple[str, int] | None:
    """The first line of ``dbt_project.yml`` with the key: the config of whole folders is set there."""
    path = folder / "dbt_project.yml"
    word = re.compile(rf"(?<!\w){re.escape(key)}(?!\w)")
    return next(
        ((str(path), number) for number, line in enumerate(read_lines(path), 1) if word.search(line)), None
    )
