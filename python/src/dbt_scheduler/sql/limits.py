"""How much work a query may be: its SQL is whatever a project says.

Steps are counted, not seconds: the same SQL has the same result on every machine.
"""

MOST_CHARACTERS = 100_000
MOST_LOOKUPS = 300_000
"""Names times the subqueries that they come through."""


class TooComplexError(Exception):
    """A query that would take too long."""


class Steps:
    """Counts down."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self) -> None:
        """Raises TooComplexError where none is left."""
        self._left -= 1
        if self._left < 0:
            raise TooComplexError
