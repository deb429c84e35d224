"""Calls of source() in the text of a file: which tables they name, and the same text with other calls."""

import re
from collections.abc import Mapping

import msgspec

Pair = tuple[str, str]
"""A source's name and a table's, as in ``source("shipping", "fct_shipments")``."""

_CALL = re.compile(
    r"""\bsource(?P<open>\(\s*)(?P<q>['"])(?P<source>[^'"\\]+)(?P=q)(?P<between>\s*,\s*)"""
    r"""(?P<r>['"])(?P<table>[^'"\\]+)(?P=r)(?P<close>\s*\))"""
)
_ANY_CALL = re.compile(r"\bsource\s*\(")


class Ref(msgspec.Struct, frozen=True):
    """A node as ``ref()`` names it; ``package`` where it is not the project's own."""

    name: str
    package: str | None = None
    version: str | int | float | None = None

    def call(self, quote: str = '"') -> str:
        """The call, with the quotes that the file uses."""
        words = [f"{quote}{word}{quote}" for word in (self.package, self.name) if word]
        if self.version is not None:
            is_text = isinstance(self.version, str)
            words.append(f"v={quote}{self.version}{quote}" if is_text else f"v={self.version}")
        return f"ref({', '.join(words)})"


def source_call(pair: Pair) -> str:
    """The call as it is shown to people."""
    return f'source("{pair[0]}", "{pair[1]}")'


def pairs_in(text: str) -> set[Pair]:
    """The tables that a text names literally in a call of source()."""
    return {(call["source"], call["table"]) for call in _CALL.finditer(text)}


def has_other_calls(text: str) -> bool:
    """Whether source() is also called with something else than two words, from which no table can be told."""
    return len(_ANY_CALL.findall(text)) > len(_CALL.findall(text))


def replace_calls(text: str, new: Mapping[Pair, Pair | Ref]) -> str:
    """The text with these tables' calls replaced; every other character stays, and so do their quotes."""

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
    """The same for every text in a value from a YAML file."""
    if isinstance(value, dict):
        return {key: replace_within(part, new) for key, part in value.items()}
    if isinstance(value, list):
        return [replace_within(part, new) for part in value]
    return replace_calls(value, new) if isinstance(value, str) else value
