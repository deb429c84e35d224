"""Finds a dbt node's entry in a properties file, so that a finding about the node has a line."""

from collections.abc import Iterator

from dbt_scheduler.config.yaml.document import Document, Path


def locate_in_yml(document: Document, section: str, names: tuple[str, ...], below: Path = ()) -> int:
    """The line of a node's key in a dbt properties file, or of its nearest parent; 0 if the node has no entry.

    ``section`` is ``models``, ``seeds``, ``snapshots``, ``functions`` or ``sources``; ``names`` is the node's
    name, or the names of a source and its table. ``below`` is the path within the entry. dbt accepts ``meta`` at the
    top level of an entry and under ``config``: the one that contains more of the path counts.
    """
    entries = list(_entries(document, (section,), names[0]))
    if not entries:
        return 0
    candidates = entries[:1]
    if len(names) > 1:
        # A source may have several entries with different tables.
        tables = [
            (table, path) for path in entries for table in _entries(document, (*path, "tables"), names[1])
        ]
        # A table inherits the keys of its source; the line is then in the source's entry.
        candidates = list(tables[0]) if tables else candidates
    ways = (below, below[1:]) if below[:2] == ("config", "meta") else (below,)
    reached = [
        (document.depth((*start, *way)) - len(start) - len(way), start, way)
        for start in candidates
        for way in ways
    ]
    _, start, way = max(reached, key=lambda item: item[0])
    return document.line((*start, *way))


def _entries(document: Document, section: Path, name: str) -> Iterator[Path]:
    """The paths of the entries with this name in a list of entries."""
    index = 0
    while document.depth((*section, index)) == len(section) + 1:
        if document.text((*section, index, "name")) == name:
            yield (*section, index)
        index += 1
