"""Text tables for terminals."""

from dbt_scheduler.findings.table import aligned


def test_columns_are_as_wide_as_their_widest_cell():
    assert aligned([("A", "LONG HEAD", "C"), ("longer", "b", "c")]) == [
        "A       LONG HEAD  C",
        "longer  b          c",
    ]


def test_a_row_with_fewer_cells_ends_in_a_sentence_that_widens_nothing():
    rows = [
        ("A", "B", "C"),
        ("a", "waits for nothing at all", "c"),
        ("longer", "It is done by then, whatever happens."),
    ]
    assert aligned(rows) == [
        "A       B                         C",
        "a       waits for nothing at all  c",
        "longer  It is done by then, whatever happens.",
    ]


def test_one_cell_that_never_ends_makes_no_column_wider():
    assert aligned([("A", "B"), ("a" * 201, "b"), ("a" * 3, "b")]) == ["A    B", f"{'a' * 201}  b", "aaa  b"]


def test_a_cell_is_one_line_that_no_terminal_obeys():
    assert aligned([("A", "B"), ("a\n\x1b[31m", "b")]) == ["A            B", "a\\n\\x1b[31m  b"]


def test_a_table_without_rows_is_its_head():
    assert aligned([("A", "B")]) == ["A  B"]
