"""The results of two ways to run a dbt project, their differences, and the report."""

import difflib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import yaml
from compared_databases import Content
from compared_runs import Outcome

from dbt_scheduler.project.manifest import Node

_MOST_LINES = 20
_LONGEST_MESSAGE = 200
_COLUMNS = ("nodes", "equal", "plain command", "differ", "fail both ways")
_FAILED = ("error", "fail", "runtime error", "partial success")


class Task(NamedTuple):
    """A node, and the arguments of the dbt command that builds or tests only this node."""

    node: Node
    command: list[str]


class Record(NamedTuple):
    """The results of one way to run the project.

    ``results`` are by pass and node, ``files`` by pass and path, ``content`` of the database by pass; ``reasons``
    are why nodes have no slice.
    """

    results: dict[tuple[str, str], dict[str, Any]]
    files: dict[tuple[str, str], str]
    content: dict[str, Content]
    reasons: dict[str, str]

    def add(self, moment: str, tasks: Sequence[Task], outcome: Outcome) -> None:
        """Add the outcome of a command for these nodes; with the results of hooks if it is for a single node."""
        for name, result in outcome.results.items():
            if not name.startswith("operation."):
                self.results[moment, name] = result
            elif len(tasks) == 1:
                self.results[moment, f"{name} of {tasks[0].node.unique_id}"] = result
        files = {path: text for path, text in outcome.files.items() if "/hooks/" not in path}
        self.files.update({(moment, path): text for path, text in files.items()})
        for task in tasks:
            name = task.node.unique_id
            self.results.setdefault((moment, name), {"status": "did not run", "message": outcome.log})
            self.reasons.update({name: outcome.no_slice} if outcome.no_slice else {})

    def skipped(self, moment: str, name: str) -> bool:
        """Whether a node did not run, because another one failed in the same command."""
        return self.results[moment, name]["status"] in ("skipped", "did not run")


class Difference(NamedTuple):
    """A difference: the pass, the kind (result, file or database), the name, and the lines of a diff."""

    moment: str
    kind: str
    name: str
    lines: tuple[str, ...]


def differences(one: Record, other: Record) -> list[Difference]:
    """All differences, sorted; a node that did not run always counts as one."""
    return sorted(_differences(one, other))


def report(
    tasks: Sequence[Task], plain: Record, sliced: Record, unstable: Collection[tuple[str, ...]]
) -> str:
    """A table of the compared nodes, the nodes without a slice, those that fail both ways, and the differences.

    ``unstable`` are differences between two plain runs, which are not caused by slices.
    """
    both = differences(plain, sliced)
    found = [each for each in both if each[:3] not in unstable]
    too = [" ".join(each[:3]) for each in both if each[:3] in unstable]
    different = {each.name for each in found}
    failed = {name for (_, name), result in plain.results.items() if result["status"] in _FAILED}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for task in tasks:
        name, count = task.node.unique_id, counts[task.node.resource_type]
        verdict = "differ" if name in different else "plain command" if name in sliced.reasons else "equal"
        count.update(["nodes", verdict, *(["fail both ways"] if name in failed else [])])
    rows = [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]
    lines = [f"| | {' | '.join(_COLUMNS)} |", "|---" * (len(_COLUMNS) + 1) + "|"]
    lines += [f"| {kind} | {' | '.join(str(count[each]) for each in _COLUMNS)} |" for kind, count in rows]
    relations = len(plain.content["first"])
    lines += [
        "",
        f"{len(plain.results)} results, {len(plain.files)} files and {relations} relations compared",
    ]
    lines += [f"plain command: {name}: {reason}" for name, reason in sorted(sliced.reasons.items())]
    lines += [f"fails both ways: {name}: {_message(plain, name)}" for name in sorted(failed)]
    lines += [f"also differs between two plain runs: {each}" for each in too]
    for each in found:
        lines += ["", f"{each.moment}: {each.kind}: {each.name}", *each.lines]
    return "\n".join(lines) + "\n"


def _differences(one: Record, other: Record) -> Iterator[Difference]:
    for kind, before, after in (("result", one.results, other.results), ("file", one.files, other.files)):
        for moment, name in {*before, *after}:
            was, now = before.get((moment, name)), after.get((moment, name))
            if was != now or (isinstance(was, dict) and was["status"] == "did not run"):
                yield Difference(moment, kind, name, _diff(_lines(was), _lines(now)))
    for moment, content in one.content.items():
        for name in {*content, *other.content[moment]}:
            was, now = content.get(name, []), other.content[moment].get(name, [])
            if was != now:
                yield Difference(moment, "database", name, _diff(was, now))


def _message(record: Record, name: str) -> str:
    """The message of dbt for a node that fails, on one line."""
    results = [result for (_, each), result in record.results.items() if each == name]
    message = next(result.get("message") for result in results if result["status"] in _FAILED)
    return " ".join(str(message).split())[:_LONGEST_MESSAGE]


def _lines(value: object) -> list[str]:
    return value.splitlines() if isinstance(value, str) else yaml.safe_dump(value).splitlines()


def _diff(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """The first lines of a unified diff."""
    lines = [*difflib.unified_diff(before, after, "plain", "slice", n=1, lineterm="")]
    more = len(lines) - _MOST_LINES
    return (*lines[:_MOST_LINES], *([f"... and {more} more lines"] if more > 0 else []))
