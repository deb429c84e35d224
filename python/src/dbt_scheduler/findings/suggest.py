"""The "did you mean" of messages; the dbt package's macro ``suggest`` gives the same result."""

from collections.abc import Collection

MOST_CANDIDATES = 20_000
"""No suggestion from more candidates: an entry may list any number of assets."""


def suggest(word: str, candidates: Collection[str]) -> str:
    """The candidate most like ``word``, or "" if none is at least half alike or there are too many.

    Likeness is the share of letter pairs that occur in the other word; the word's start and end count as
    letters, and case is ignored: ``dayly`` and ``daily`` share 8 of 12. Ties go to the first in the alphabet.
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
    """The hint ``did you mean "daily"?``, or ""."""
    found = suggest(word, candidates)
    return f'did you mean "{found}"?' if found else ""
