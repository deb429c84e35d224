"""Whether a node may read another with ref(): dbt refuses lineage that comes back to where it started."""

from dbt_scheduler.manifest import Manifest


class Circles:
    """The lineage of one project, and of the reads that were added to it."""

    def __init__(self, manifest: Manifest) -> None:
        self._parents = {id_: list(node.depends_on.nodes) for id_, node in manifest.nodes.items()}

    def can_read(self, reader: str, node: str) -> bool:
        """Add a read, unless it makes a circle with the others."""
        seen, open_ = {node}, [node]
        while open_:
            current = open_.pop()
            if current == reader:
                return False
            new = [parent for parent in self._parents.get(current, ()) if parent not in seen]
            seen.update(new)
            open_ += new
        self._parents.setdefault(reader, []).append(node)
        return True
