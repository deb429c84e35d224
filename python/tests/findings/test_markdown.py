"""Whatever a team wrote stays text in Markdown: compared with what a Markdown parser makes of it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dbt_scheduler.findings.markdown import code_span, escaped
from dbt_scheduler.findings.printable import one_line

TEXTS = st.text(alphabet="ab`\\*_[]()<>&~|#! \n", min_size=1).filter(str.strip)


def parts(markdown: str) -> list[tuple[str, str]]:
    """The inline tokens of one paragraph."""
    (_, inline, _) = MarkdownIt("commonmark").enable("strikethrough").parse(f"x {markdown} y")
    return [(each.type, each.content) for each in inline.children]


@given(TEXTS)
@example(" a ")
def test_a_code_span_shows_the_text_and_nothing_else(text: str) -> None:
    assert parts(code_span(text)) == [("text", "x "), ("code_inline", one_line(text)), ("text", " y")]


@given(TEXTS)
def test_escaped_text_is_text(text: str) -> None:
    found = parts(escaped(text))
    assert {kind for kind, _ in found} <= {"text", "text_special"}
    assert "".join(content for _, content in found) == f"x {one_line(' '.join(text.split()))} y"


@pytest.mark.parametrize(
    ("text", "code"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a``b`", "``` a``b` ```")],
)
def test_a_code_span_has_no_more_than_it_needs(text: str, code: str) -> None:
    assert code_span(text) == code
