"""Finds a dbt node's entry in a properties file, so that a finding about the node has a line."""

from collections.abc import Iterator

from dbt_scheduler.config.yaml.document import Document, Path


def locate_in_yml(document: Document, section: str, names: tuple[str, ...], below: Path = ()) -> int:
    """The line of a node's key in a dbt properties file, or of the nearest place above it; 0 without one.

    ``section`` is ``models``, ``seeds``, ``snapshots``, ``functions`` or ``sources``; ``names`` is the node's
    name, for a source table the source's and the table's. ``below`` is the path within the entry. dbt takes ``meta`` at
    the top of an entry as well as under ``config``: whichever leads further counts.
    """
    entries = list(_entries(document, (section,), names[0]))
    if not entries:
        return 0
    candidates = entries[:1]
    if len(names) > 1:
        # A source may be there twice, each time with other tables.
        tables = [
            (table, path) for path in entries for table in _entries(document, (*path, "tables"), names[1])
        ]
        # What a table does not say itself, its source may: the line is then in the source's entry.
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
