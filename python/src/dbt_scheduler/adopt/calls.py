"""Finds and replaces calls of source() in a file."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from dbt_scheduler.config.yaml import Path, parse_yaml

Pair = tuple[str, str]
"""A source name and a table name, as in ``source("shipping", "fct_shipments")``."""

_CALL = re.compile(
    r"""\bsource(?P<open>\s*\(\s*)(?P<q>['"])(?P<source>[^'"\\]+)(?P=q)(?P<between>\s*,\s*)"""
    r"""(?P<r>['"])(?P<table>[^'"\\]+)(?P=r)(?P<close>\s*\))"""
)
_ANY_CALL = re.compile(r"""\bsource\s*\((?:\s*(?P<q>['"])(?P<source>[^'"\\]+)(?P=q)\s*,)?""")


class Ref(msgspec.Struct, frozen=True):
    """A node as named in ``ref()``; ``package`` for other packages."""

    name: str
    package: str | None = None
    version: str | int | float | None = None

    def call(self, quote: str = '"') -> str:
        """The call, with the file's quotes."""
        words = [f"{quote}{word}{quote}" for word in (self.package, self.name) if word]
        if self.version is not None:
            is_text = isinstance(self.version, str)
            words.append(f"v={quote}{self.version}{quote}" if is_text else f"v={self.version}")
        return f"ref({', '.join(words)})"


def source_call(pair: Pair) -> str:
    """The call as shown in messages."""
    return f'source("{pair[0]}", "{pair[1]}")'


class SourceCalls(msgspec.Struct, frozen=True):
    """The tables named literally in the file's calls of source(), and the sources of its other calls.

    ``hidden`` are tables named where the text cannot be edited, such as in escaped quotes, with their lines. ``others``
    includes the empty string for a call with an unknown source.
    """

    pairs: frozenset[Pair] = frozenset()
    hidden: Mapping[Pair, int] = {}
    others: frozenset[str] = frozenset()

    def may_name(self, pair: Pair) -> bool:
        """Whether a non-literal call may refer to this table."""
        return not self.others.isdisjoint({"", pair[0]})


def find_calls(text: str, *, in_yaml: bool) -> SourceCalls:
    """The calls in a text; in YAML, also those that appear only in parsed values."""
    pairs = frozenset(_pairs_in(text))
    # Keeps line numbers.
    rest = _CALL.sub(lambda call: re.sub(r"\S", "x", call[0]), text)
    if not _ANY_CALL.search(rest):
        return SourceCalls(pairs)
    document = parse_yaml(rest.removeprefix("\ufeff"), "")[0] if in_yaml else None
    if document is None:
        return SourceCalls(pairs, others=frozenset(_others_in(rest)))
    hidden: dict[Pair, int] = {}
    others: set[str] = set()
    for path, words in _words(document.value):
        found = _pairs_in(words)
        hidden = dict.fromkeys(found, document.line(path)) | hidden
        others |= _others_in(words)
    return SourceCalls(pairs, hidden, frozenset(others))


def replace_calls(text: str, new: Mapping[Pair, Pair | Ref]) -> str:
    """Replace the calls for these tables; everything else, including quotes, is unchanged."""

    def call(old: re.Match[str]) -> str:
        target = new.get((old["source"], old["table"]))
        if target is None:
            return old[0]
        q, r = old["q"], old["r"]
        if isinstance(target, Ref):
            return target.call(q)
        return f"source{old['open']}{q}{target[0]}{q}{old['between']}{r}{target[1]}{r}{old['close']}"

    return _CALL.sub(call, text)


def replace_within(value: object, new: Mapping[Pair, Pair | Ref]) -> object:
    """The same for every string in a YAML value."""
    if isinstance(value, dict):
        return {key: replace_within(part, new) for key, part in value.items()}
    if isinstance(value, list):
        return [replace_within(part, new) for part in value]
    return replace_calls(value, new) if isinstance(value, str) else value


def _pairs_in(text: str) -> set[Pair]:
    return {(call["source"], call["table"]) for call in _CALL.finditer(text)}


def _others_in(text: str) -> set[str]:
    return {call["source"] or "" for call in _ANY_CALL.finditer(_CALL.sub("", text))}


def _words(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every string in a YAML value."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for step, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _words(part, (*path, step))
