"""Builds the ``exposed_assets`` that a team's consumers need, and the resulting ``scheduler.yaml``."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from dbt_scheduler.adopt.blocks import block_of, line_end, lines_of, parse
from dbt_scheduler.config.team import SUPPORTED_VERSIONS


class AssetToExpose(msgspec.Struct, frozen=True, kw_only=True):
    """An asset to expose, the teams that read it, and whether a pipeline builds it."""

    asset: str
    readers: tuple[str, ...]
    scheduled: bool


def render_exposed(exposed: Iterable[AssetToExpose]) -> str:
    """The entries for ``scheduler.yaml``; those with the same consumers share one comment."""
    return "exposed_assets:\n" + "".join(f"  {line}\n" for line in _lines(exposed))


def with_exposed(text: str | None, exposed: Iterable[AssetToExpose]) -> str | None:
    """A ``scheduler.yaml`` with these entries appended, or a new one; None if editing is not safe."""
    exposed = tuple(exposed)
    if text is None:
        return f"version: {SUPPORTED_VERSIONS[-1]}\n{render_exposed(exposed)}"
    document = parse(text)
    value = document.value if document else None
    if document is None or not isinstance(value, dict):
        return None
    end, lines = line_end(text), lines_of(text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    there = value.get("exposed_assets")
    if "exposed_assets" not in value:
        lines.append(render_exposed(exposed).replace("\n", end))
    elif isinstance(there, list) and there:
        block = block_of(document, lines, ("exposed_assets", len(there) - 1))
        if block is None:
            return None
        indent = lines[block.start].partition("-")[0]
        lines[block.stop : block.stop] = [f"{indent}{line}{end}" for line in _lines(exposed)]
    new = "".join(lines)
    return new if _adds(new, value, exposed) else None


def _adds(new: str, before: dict[str, object], exposed: tuple[AssetToExpose, ...]) -> bool:
    after = parse(new)
    there = before.get("exposed_assets")
    added = [{"regex": re.escape(each.asset)} for each in _sorted(exposed)]
    expected = {**before, "exposed_assets": [*(there if isinstance(there, list) else []), *added]}
    return after is not None and after.value == expected


def _lines(exposed: Iterable[AssetToExpose]) -> Iterator[str]:
    for readers, group in groupby(_sorted(exposed), key=lambda each: each.readers):
        yield f"# read by {', '.join(readers)}"
        for each in group:
            note = "" if each.scheduled else " # no pipeline builds it yet"
            yield f"- regex: {_quoted(re.escape(each.asset))}{note}"


def _sorted(exposed: Iterable[AssetToExpose]) -> list[AssetToExpose]:
    return sorted(exposed, key=lambda each: (each.readers, each.asset))


def _quoted(word: str) -> str:
    # A backslash has no special meaning in single quotes.
    return f"'{word}'" if "\\" in word else f'"{word}"'
