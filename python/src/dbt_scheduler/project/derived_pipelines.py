"""Derives the pipelines of declared tasks without ``pipelines``: those of their conditions, or else of their readers."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from heapq import heappop, heappush

from dbt_scheduler.project.types import ProjectTask

ReaderIds = Mapping[str, list[str]]
"""The ids of the tasks that read a task or table, by its id."""


def derive_pipelines(
    tasks: Mapping[str, ProjectTask], makers: Mapping[str, str], underived: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Derive pipelines for the ``underived`` tasks where possible.

    A task gets the pipelines that all conditions of its own team share, or else those of its readers. Tasks whose
    conditions have pipelines go first, so that the order in the file does not matter.
    """
    return _Derivation(tasks, makers, underived).pipelines()


class _Derivation:
    """Derives the pipelines of one task at a time, in the order of the file.

    A task without a result is tried again only after one of its inputs or readers has changed.
    """

    def __init__(
        self, tasks: Mapping[str, ProjectTask], makers: Mapping[str, str], underived: Collection[str]
    ) -> None:
        self._tasks, self._makers, self._underived = tasks, makers, underived
        self._readers = _readers(tasks, makers)
        self._found = {task.id: task.pipelines for task in tasks.values()}
        open_ = [task.id for task in tasks.values() if task.id in underived]
        self._open = {each: at for at, each in enumerate(open_)}
        self._waits_for = {each: self._parents(each) & self._open.keys() for each in open_}
        self._settled = [(at, each) for each, at in self._open.items() if not self._waits_for[each]]
        self._dead_ends: set[str] = set()

    def pipelines(self) -> dict[str, tuple[str, ...]]:
        while self._open:
            while self._settled:
                _, each = heappop(self._settled)
                if each in self._open:
                    self._settle(each)
            if not any(map(self._settle, [*self._open])):
                break
        return {each: self._found[each] for each in self._underived if self._found[each]}

    def _parents(self, each: str) -> set[str]:
        return {self._makers.get(parent, parent) for parent in self._tasks[each].parents}

    def _settle(self, each: str) -> bool:
        """Derive the pipelines of a task; False if there are none yet."""
        found = self._shared(self._tasks[each]) or self._read_in(each)
        if not found:
            return False
        self._found[each] = found
        del self._open[each]
        changed = self._above(each)
        self._dead_ends -= {each, *changed}
        for reader in self._readers[each]:
            if reader in self._open:
                self._waits_for[reader].discard(each)
                changed.add(reader)
        for other in changed:
            if other in self._open and not self._waits_for[other]:
                heappush(self._settled, (self._open[other], other))
        return True

    def _above(self, each: str) -> set[str]:
        """Its ancestors without pipelines, up to the nearest ancestors with pipelines."""
        above: set[str] = set()
        queue = [each]
        while queue:
            for parent in self._parents(queue.pop()):
                if parent in self._tasks and parent not in above and not self._found[parent]:
                    above.add(parent)
                    queue.append(parent)
        return above

    def _shared(self, task: ProjectTask) -> tuple[str, ...]:
        own = [set(self._found.get(self._makers.get(parent, parent), ())) for parent in task.parents]
        own = [pipelines for pipelines in own if pipelines]
        return tuple(sorted(set.intersection(*own))) if own else ()

    def _read_in(self, task: str) -> tuple[str, ...]:
        """The pipelines of its readers; of a reader without pipelines those of that reader's readers."""
        pipelines: set[str] = set()
        seen, queue = {task}, list(self._readers[task])
        while queue:
            reader = queue.pop()
            if reader in seen or reader in self._dead_ends:
                continue
            seen.add(reader)
            pipelines.update(self._found[reader])
            if not self._found[reader]:
                queue += self._readers[reader]
        if not pipelines:
            self._dead_ends |= seen  # avoids repeated traversal of tasks without readers
        return tuple(sorted(pipelines))


def _readers(tasks: Mapping[str, ProjectTask], makers: Mapping[str, str]) -> ReaderIds:
    readers: dict[str, list[str]] = defaultdict(list)
    for task in tasks.values():
        for parent in task.parents:
            readers[makers.get(parent, parent)].append(task.id)
    return readers
