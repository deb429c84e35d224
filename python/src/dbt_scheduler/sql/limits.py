"""Limits the work for analysing a query, because SQL is untrusted input.

Steps are counted instead of time, so that results are reproducible.
"""

MOST_CHARACTERS = 100_000
MOST_LOOKUPS = 300_000
"""The maximum number of names multiplied by the subqueries that they pass through."""


class TooComplexError(Exception):
    """A query that would take too long to analyse."""


class Steps:
    """Counts down the remaining steps."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self) -> None:
        """Raises TooComplexError if none is left."""
        self._left -= 1
        if self._left < 0:
            raise TooComplexError
