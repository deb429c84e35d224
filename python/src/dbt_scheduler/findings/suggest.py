"""The "did you mean" of every message, computed just so by the macro ``suggest`` of the dbt package too."""

from collections.abc import Collection

MOST_CANDIDATES = 20_000
"""An upper limit, because an entry may list any number of assets."""


def suggest(word: str, candidates: Collection[str]) -> str:
    """The candidate most like ``word``, or the empty string when none is at least half alike, or there are too many.

    Likeness is the share of letter pairs that occur anywhere in the other word, the borders of a word
    counting as letters and case not counting: ``dayly`` and ``daily`` share 8 of 12. Of equals, the first in
    the alphabet wins.
    """
    best, best_likeness = "", 0.5
    if len(candidates) > MOST_CANDIDATES:
        return best
    for candidate in candidates:
        likeness = _likeness(word, candidate)
        if likeness > best_likeness or (likeness == best_likeness and (not best or candidate < best)):
            best, best_likeness = candidate, likeness
    return best


def _likeness(one: str, other: str) -> float:
    a, b = f"^{one.lower()}$", f"^{other.lower()}$"
    return (_pairs_found(a, b) + _pairs_found(b, a)) / (len(a) + len(b) - 2)


def _pairs_found(text: str, other: str) -> int:
    return sum(text[i : i + 2] in other for i in range(len(text) - 1))


def did_you_mean(word: str, candidates: Collection[str]) -> str:
    """The hint ``did you mean "daily"?``, or the empty string."""
    found = suggest(word, candidates)
    return f'did you mean "{found}"?' if found else ""
