"""What must hold for every format of findings, including new ones."""

import pytest

from dbt_scheduler.findings.finding import Finding, Severity
from dbt_scheduler.findings.formats import formats

HOSTILE = "two\nlines \x1b[31m ##[group] ::error::x \u202e"
FINDING = Finding(
    code="SCH999",
    severity=Severity.WARNING,
    path=HOSTILE,
    line=3,
    message=f"the message {HOSTILE}",
    hint=HOSTILE,
)


@pytest.mark.parametrize("name", formats())
def test_no_terminal_and_no_ci_obeys_what_a_team_has_written(name):
    text = formats()[name].render([FINDING])
    assert text.replace("\n", "").isprintable()
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::error::") for line in text.splitlines())


@pytest.mark.parametrize("name", formats())
def test_a_format_shows_the_code_and_the_message(name):
    text = formats()[name].render([FINDING])
    assert "SCH999" in text
    assert "the message" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("name", formats())
def test_a_format_of_no_findings_is_text(name):
    assert isinstance(formats()[name].render([]), str)
    assert formats()[name].description
