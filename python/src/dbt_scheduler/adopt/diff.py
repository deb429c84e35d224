"""A unified diff that ``git apply`` and ``patch -p1`` take."""

from collections.abc import Iterable, Mapping
from difflib import unified_diff

from dbt_scheduler.adopt.blocks import lines_of

_CUT = "\\ No newline at end of file\n"


def render_patch(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What makes ``after`` of ``before``, both texts by path: new files too, and empty ones go."""
    changed = sorted(path for path, text in after.items() if before.get(path) != text)
    return "".join(line for path in changed for line in _file(path, before.get(path), after[path]))


def _file(path: str, before: str | None, after: str) -> Iterable[str]:
    old = "/dev/null" if before is None else _name("a", path)
    new = _name("b", path) if after else "/dev/null"
    for line in unified_diff(lines_of(before or ""), lines_of(after), old, new):
        yield line if line.endswith("\n") else f"{line}\n{_CUT}"


def _name(side: str, path: str) -> str:
    # A name with a space ends at a tab.
    return f"{side}/{path}\t" if " " in path else f"{side}/{path}"
