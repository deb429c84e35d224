"""Findings: what is wrong with a team's files, reported the same way wherever it was found."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

import msgspec


class Severity(StrEnum):
    """How bad a finding is: an error stops, a warning stops under ``--strict``, a note never does."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with a team's config.

    ``path`` is the user's own file, relative to the folder the command runs in where that is possible.
    ``line`` counts from 1; 0 means that no line applies. ``subject`` is the name that a team's ``ignore``
    entry may give under ``on``: a node, a task, an asset or a pipeline.
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
        """``path:line`` as editors understand it, or just the path."""
        return f"{self.path}:{self.line}" if self.line else self.path

    def sort_key(self) -> tuple[str, int, str, str]:
        """Order of a listing: by file, line, code, then text."""
        return (self.path, self.line, self.code, self.message)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The messages and the documentation of one finding code.

    A rule that the dbt macros check too has ``by_macros``: its messages are in the dbt package as well. A
    rule that protects other teams has ``can_be_ignored`` false.
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
        """A finding of this rule at a place; ``words`` fill the braces of the message and of the hint."""
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
    """The command cannot continue: its findings give the reason, and the exit code is 2."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(f"{f.place}: {f.code} {f.message}" for f in self.findings))

    @classmethod
    def because(cls, finding: Finding) -> Self:
        """An error with a single finding."""
        return cls([finding])


def fill(template: str, words: dict[str, object]) -> str:
    """Replace ``{placeholders}`` literally, as the dbt macros do, so that both print the same text."""
    for name, word in words.items():
        template = template.replace("{" + name + "}", str(word))
    return template


class UsageError(Exception):
    """An error on the command line: a message, and a hint that says what to do.

    A finding is about a file, the registry or Airflow instead.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
