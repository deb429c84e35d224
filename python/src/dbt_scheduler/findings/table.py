"""Tables for a person at a terminal."""

from collections.abc import Sequence

from dbt_scheduler.findings.printable import one_line


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, in columns as wide as their widest cell; the first row is the head.

    A row with fewer cells than the head ends in a sentence, which may be longer than its column.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [len(cell) for cell in cells[0]]
    for row in cells:
        for at, cell in enumerate(row if len(row) == len(widths) else row[:-1]):
            widths[at] = max(widths[at], len(cell))
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
