"""Keys of nodes' ``meta`` that are nearly ours: what stands under them would be left out silently."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from dbt_scheduler.findings.catalogue.nodes import SCH114
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.suggest import suggest
from dbt_scheduler.project.locations import node_location
from dbt_scheduler.project.manifest import Node, load_meta_keys
from dbt_scheduler.project.types import Project

_OURS = ("scheduler", "scheduler_defaults")


def misspelled_keys(project: Project, manifest_file: Path) -> Iterator[Finding]:
    """SCH114, once for each key. Only nodes without settings are looked at: for others it costs more than it gives."""
    own = project.manifest.metadata.project_name
    tasks = (task.node for task in project.tasks.values() if task.node and task.node.package_name == own)
    nodes = [node for node in tasks if node.config.meta.scheduler is None]
    bare = [node for node in nodes if node.config.meta.scheduler_defaults is None]
    found: dict[str, list[Node]] = defaultdict(list)
    keys = load_meta_keys(manifest_file) if bare else {}
    for node in bare:
        for key in keys.get(node.unique_id, ()):
            if suggest(key, _OURS):
                found[key].append(node)
    for key, having in sorted(found.items()):
        place = _in_project_file(project.folder, key) or node_location(project.folder, having[0])
        words = {"nodes": _count(having), "key": key, "meant": suggest(key, _OURS)}
        yield SCH114.at(*place, subject=key, **words)


def _count(nodes: list[Node]) -> str:
    others = len(nodes) - 1
    named = f'"{nodes[0].name}"'
    return f"{named} has" if not others else f"{named} and {others} more have"


def _in_project_file(folder: Path, key: str) -> tuple[str, int] | None:
    """The first line of ``dbt_project.yml`` with the key: what is said of a whole folder stands there."""
    path = folder / "dbt_project.yml"
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else ()
    return next(((str(path), number) for number, line in enumerate(lines, 1) if key in line), None)
