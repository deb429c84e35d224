"""Text tables for the terminal."""

from collections.abc import Sequence

from dbt_scheduler.findings.printable import one_line

_WIDEST = 200
"""Longer cells do not widen their column; otherwise one very long name would pad every row."""


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line per row, with columns padded to their widest cell; the first row is the head.

    A row with fewer cells than the head ends in a sentence, which may be longer than its column.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [len(cell) for cell in cells[0]]
    for row in cells:
        for at, cell in enumerate(row if len(row) == len(widths) else row[:-1]):
            if len(cell) <= _WIDEST:
                widths[at] = max(widths[at], len(cell))
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
