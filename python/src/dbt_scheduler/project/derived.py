"""The pipelines of a declared task that names none: its conditions' or, failing those, its readers'."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from dbt_scheduler.project.types import Work

Readers = Mapping[str, list[str]]
"""For each work's or table's id, the ids of the works that read it."""


def derive_pipelines(
    works: Mapping[str, Work], makers: Mapping[str, str], wanting: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Pipelines for the ``wanting`` works, as far as there are any.

    A work gets the pipelines that all its own team's conditions share, else all of those that read what it
    makes. Works whose conditions are settled go first, so that the order in the file does not matter.
    """
    readers = _readers(works, makers)
    found = {work.id: work.pipelines for work in works.values()}
    open_ = [work for work in works.values() if work.id in wanting]
    while open_:
        settled = [work for work in open_ if not _waits_for_any(work, open_, makers)]
        for work in (*settled, *open_):
            found[work.id] = _shared(work, found, makers) or _read_in(work.id, found, readers)
            if found[work.id]:
                open_.remove(work)
                break
        else:
            break
    return {work: found[work] for work in wanting if found[work]}


def _waits_for_any(work: Work, open_: Collection[Work], makers: Mapping[str, str]) -> bool:
    parents = {makers.get(parent, parent) for parent in work.parents}
    return any(other.id in parents for other in open_)


def _shared(work: Work, found: Mapping[str, tuple[str, ...]], makers: Mapping[str, str]) -> tuple[str, ...]:
    own = [set(found.get(makers.get(parent, parent), ())) for parent in work.parents]
    own = [pipelines for pipelines in own if pipelines]
    return tuple(sorted(set.intersection(*own))) if own else ()


def _read_in(work: str, found: Mapping[str, tuple[str, ...]], readers: Readers) -> tuple[str, ...]:
    """The pipelines of whoever reads what the work makes, also through works that no pipeline runs."""
    pipelines: set[str] = set()
    seen, queue = {work}, list(readers[work])
    while queue:
        reader = queue.pop()
        if reader in seen:
            continue
        seen.add(reader)
        pipelines.update(found[reader])
        if not found[reader]:
            queue += readers[reader]
    return tuple(sorted(pipelines))


def _readers(works: Mapping[str, Work], makers: Mapping[str, str]) -> Readers:
    readers: dict[str, list[str]] = defaultdict(list)
    for work in works.values():
        for parent in work.parents:
            readers[makers.get(parent, parent)].append(work.id)
    return readers
