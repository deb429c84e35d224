"""Findings, their rules, and the errors that end a command with findings."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

import msgspec


class Severity(StrEnum):
    """Errors fail the command, warnings fail it with ``--strict``, notes never do."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One problem found by a check.

    ``path`` is the file the user edits, relative to the current folder where possible. ``line`` starts at 1;
    0 means no line. ``subject`` is the node, task, asset or pipeline that an ``ignore`` entry names with ``on``.
    """

    code: str
    severity: Severity
    path: str
    line: int = 0
    message: str
    hint: str = ""
    subject: str = ""
    team: str = ""

    @property
    def place(self) -> str:
        """``path:line``, which editors link to, or the path alone."""
        return f"{self.path}:{self.line}" if self.line else self.path

    def sort_key(self) -> tuple[str, int, str, str]:
        """Sort key of listings: file, line, code, message."""
        return (self.path, self.line, self.code, self.message)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A finding code with its message and documentation.

    ``by_macros``: the dbt macros check it too, with a copy of the message in the dbt package.
    ``can_be_ignored`` is false for rules that protect other teams.
    """

    code: str
    severity: Severity = Severity.ERROR
    by_macros: bool = False
    can_be_ignored: bool = True
    summary: str
    message: str
    hint: str = ""
    why: str
    example: str
    fix: str

    def at(
        self, path: str, line: int = 0, /, *, subject: str = "", hint: str | None = None, **words: object
    ) -> Finding:
        """A finding of this rule; ``words`` fill the placeholders of the message and the hint."""
        return Finding(
            code=self.code,
            severity=self.severity,
            path=path,
            line=line,
            message=fill(self.message, words),
            hint=fill(self.hint if hint is None else hint, words),
            subject=subject,
        )


class CannotRunError(Exception):
    """The command cannot continue because of these findings: exit code 2."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(f"{f.place}: {f.code} {f.message}" for f in self.findings))

    @classmethod
    def because(cls, finding: Finding) -> Self:
        """An error with a single finding."""
        return cls([finding])


def fill(template: str, words: dict[str, object]) -> str:
    """Replace ``{placeholders}`` as the dbt macros do (no format specs), so that both print the same text."""
    for name, word in words.items():
        template = template.replace("{" + name + "}", str(word))
    return template


class UsageError(Exception):
    """Wrong command-line usage; a finding is about a file, the registry or Airflow instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
