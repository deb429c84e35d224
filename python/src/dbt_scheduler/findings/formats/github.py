"""Findings as annotations on a pull request."""

import os
from collections.abc import Sequence
from pathlib import Path

from dbt_scheduler.findings.finding import Finding, Severity
from dbt_scheduler.findings.formats import Format
from dbt_scheduler.findings.printable import one_line

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(findings: Sequence[Finding]) -> str:
    """Annotations with paths from the top of the repository, as GitHub expects.

    https://docs.github.com/actions: the variable ``GITHUB_WORKSPACE`` is the folder of the checkout.
    """
    return annotations(findings, Path.cwd(), os.environ.get("GITHUB_WORKSPACE"))


def annotations(findings: Sequence[Finding], folder: Path, repository: str | None) -> str:
    """One ``::error file=…,line=…::message`` per finding; paths of findings are relative to ``folder``."""
    return "".join(
        _annotation(finding, _from_top(finding.path, folder, repository)) + "\n" for finding in findings
    )


def _from_top(path: str, folder: Path, repository: str | None) -> str:
    """The path relative to the top of the repository; unchanged if outside of it or without repository."""
    if not repository:
        return path
    full, top = Path(os.path.normpath(folder / path)), Path(os.path.normpath(repository))
    return full.relative_to(top).as_posix() if full.is_relative_to(top) else path


def _annotation(finding: Finding, path: str) -> str:
    line = f",line={finding.line}" if finding.line else ""
    place = f"file={_property(path)}{line},title={finding.code}"
    hint = f"\nhint: {one_line(finding.hint)}" if finding.hint else ""
    return f"::{_LEVELS[finding.severity]} {place}::{_escaped(one_line(finding.message) + hint)}"


def _escaped(text: str) -> str:
    # https://docs.github.com/actions: in a command's data these three are percent-encoded, in a property two
    # more.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(one_line(text)).replace(":", "%3A").replace(",", "%2C")


PLUGIN = Format(description="annotations on a pull request", render=render)
