"""Turns a plan into edits of a project's files and a list of manual steps."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from dbt_scheduler.adopt.blocks import lost_comments
from dbt_scheduler.adopt.calls import Pair, Ref, replace_calls, source_call
from dbt_scheduler.adopt.declarations import without_tables
from dbt_scheduler.adopt.files import ProjectFiles
from dbt_scheduler.adopt.plan import Plan, TableMove
from dbt_scheduler.adopt.reads import Reader
from dbt_scheduler.adopt.types import ByHand

_STUCK = (
    "the name is right, but the file cannot be edited automatically: set `meta: {scheduler: "
    "{global_asset: true}}` in the table's config"
)

_NAMED = 5
"""The maximum number of tables named in one line."""

_UNNAMED = "the patch cannot include this file: change the call manually"
_COMMENT = "the patch removes a comment; move it to the right place"
_HIDDEN = "this source() call cannot be edited automatically: change it manually"


class Edits(msgspec.Struct, frozen=True):
    """The changed texts and calls, the manual steps, and the tables that cannot move until those are done."""

    texts: dict[str, str]
    calls: Mapping[Pair, Pair | Ref]
    by_hand: tuple[ByHand, ...]
    stuck: frozenset[Pair]


def make_edits(plan: Plan, files: ProjectFiles) -> Edits:
    """Replace the calls, then remove unused declarations."""
    editing = _Editing(files)
    steps = [step for step in (*plan.across, *plan.own) if step.refused is None]
    for step in steps:
        editing.find_uneditable_calls(step)
    calls: dict[Pair, Pair | Ref] = {step.pair: step.target for step in steps}
    editing.replace_calls(calls)
    stuck = editing.remove_declarations(steps)
    changed = {path: text for path, text in editing.texts.items() if files.texts[path] != text}
    return Edits(changed, calls, tuple(sorted(editing.by_hand)), frozenset(stuck))


class _Editing:
    """One pass over a project's files; ``needed`` are the tables whose declaration is still in use."""

    def __init__(self, files: ProjectFiles) -> None:
        self.by_hand: list[ByHand] = []
        self.texts = dict(files.texts)
        self._files = files
        self._needed: set[Pair] = set()
        self._untouched: dict[str, set[Pair]] = defaultdict(set)

    def find_uneditable_calls(self, step: TableMove) -> None:
        """Find the calls that cannot be edited, and list the manual steps for them."""
        if step.pair == step.target:
            return
        found = self._files.calls.items()
        hidden = {path: calls.hidden[step.pair] for path, calls in found if step.pair in calls.hidden}
        named = {path for path, calls in found if step.pair in calls.pairs} | hidden.keys()
        shared = {path for path in named if self._files.is_shared(path)}
        for path, line in hidden.items():
            if path in self.texts:
                self._by_hand(step, f"{path}:{line}", _HIDDEN)
            else:
                self._by_hand(step, path, _UNNAMED)
        if hidden or step.circular:
            self._needed.add(step.pair)
        for reader in step.match.readers:
            problem = None if reader in step.circular else self._problem(step, reader, named | shared)
            if problem and reader.file not in hidden:
                self._needed.add(step.pair)
                self._by_hand(step, reader.file, problem)
        for reader in step.circular:
            for path in (reader.file, *shared):
                self._untouched[path].add(step.pair)

    def replace_calls(self, targets: Mapping[Pair, Pair | Ref]) -> None:
        for path, calls in self._files.calls.items():
            new = {pair: targets[pair] for pair in calls.pairs - self._untouched[path] if pair in targets}
            if new:
                self.texts[path] = replace_calls(self.texts[path], new)

    def remove_declarations(self, steps: Iterable[TableMove]) -> set[Pair]:
        """Remove unused declarations; return the remaining tables that have the same name as the new ones."""
        by_file: dict[str, list[TableMove]] = defaultdict(list)
        for step in steps:
            by_file[step.match.table.file].append(step)
        stuck = set()
        for path, found in sorted(by_file.items()):
            going = [step for step in found if self._can_go(step)]
            before = self.texts.get(path, "")
            gone = self._cut(path, [step.pair for step in going])
            after = self.texts.get(path, "")
            # A file that no YAML parser can read is left unchanged.
            for line, comment in lost_comments(before, after) if after != before else ():
                self.by_hand.append(ByHand("", f"{path}:{line}", f"{_COMMENT}: {comment}"))
            staying = [step for step in found if step.pair not in gone]
            idle = [step for step in going if step.unread and step in staying]
            if len(idle) > 1:
                self.by_hand.append(ByHand("", path, _idle(idle)))
                staying = [step for step in staying if step not in idle]
            for step in staying:
                if step.pair == step.target and not step.unread:
                    stuck.add(step.pair)
                self._by_hand(step, self._place(step), self._left(step, stuck))
        return stuck

    def _problem(self, step: TableMove, reader: Reader, named: Collection[str]) -> str | None:
        calls = self._files.calls.get(reader.file)
        if calls is None:
            return "this file is not part of the project: change the call manually"
        if calls.may_name(step.pair):
            return "the arguments of this source() call are not two strings: change it too"
        if reader.file not in named and not any(self._files.is_shared(path) for path in named):
            return "it reads the table through a macro or a variable: change the call there"
        return None

    def _can_go(self, step: TableMove) -> bool:
        return not (step.others or step.pair in self._needed) and (step.unread or not _documented(step))

    def _left(self, step: TableMove, stuck: Collection[Pair]) -> str:
        """The manual step for a declaration that stays."""
        if step.pair in stuck:
            return _STUCK
        if step.others:
            return f"also read by {', '.join(step.others)}: remove it once nothing reads it"
        if step.pair in self._needed:
            return "remove it here once nothing reads it"
        if _documented(step) and not step.unread:
            return f"move its other keys ({_documented(step)}) to the entry of {_entry(step)}, then remove it"
        return "remove it: the file cannot be edited automatically"

    def _cut(self, path: str, pairs: list[Pair]) -> set[Pair]:
        """Remove these tables from a file, if possible; returns the removed ones."""
        if path not in self.texts or not pairs:
            return set()
        whole = without_tables(self.texts[path], pairs)
        if whole is not None:
            self.texts[path] = whole
            return set(pairs)
        gone = set()
        for pair in pairs:
            new = without_tables(self.texts[path], [pair])
            if new is not None:
                self.texts[path] = new
                gone.add(pair)
        return gone

    def _place(self, step: TableMove) -> str:
        declared = step.declared
        file = step.match.table.file
        return f"{file}:{declared.line}" if declared else file

    def _by_hand(self, step: TableMove, place: str, what: str) -> None:
        self.by_hand.append(ByHand(step.match.table.full_name, place, what))


def _idle(steps: Sequence[TableMove]) -> str:
    """The manual step for unused tables, in one line."""
    names = [step.match.table.full_name for step in steps]
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"remove {shown}, which nothing reads: the files cannot be edited automatically"


def _documented(step: TableMove) -> str:
    """The keys that conflict with an existing or new declaration, in one text: only the team can merge the two."""
    elsewhere = step.already or isinstance(step.target, Ref)
    keys = step.declared.keys if step.declared and elsewhere else ()
    return ", ".join(key for key in keys if key != "description")


def _entry(step: TableMove) -> str:
    return step.target.call() if isinstance(step.target, Ref) else source_call(step.target)
