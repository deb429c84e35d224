"""Findings as annotations on a pull request, in the form of GitHub's workflow commands."""

from collections.abc import Sequence

from dbt_scheduler.errors import Finding, Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(findings: Sequence[Finding]) -> str:
    """One ``::error file=…,line=…::message`` per finding."""
    return "".join(_annotation(finding) + "\n" for finding in findings)


def _annotation(finding: Finding) -> str:
    line = f",line={finding.line}" if finding.line else ""
    place = f"file={_property(finding.path)}{line},title={finding.code}"
    hint = f"\nhint: {finding.hint}" if finding.hint else ""
    return f"::{_LEVELS[finding.severity]} {place}::{_escaped(finding.message + hint)}"


def _escaped(text: str) -> str:
    # https://docs.github.com/actions: in a command's data these three are percent-encoded, in a property two
    # more.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
