"""Makes text safe to print: on one line, without terminal or CI commands, and without secrets in URLs."""

import json
import re
from collections.abc import Iterable

# https://docs.github.com/actions: a line of a job's log that starts with :: is a command, after spaces too. The
# runner and Azure Pipelines also look for ##[ and ##vso[ anywhere in a line.
_COMMAND = re.compile(r"^\s*(:)(?=:)|#(#)(?=(?:vso)?\[)", re.IGNORECASE)


def one_line(text: str) -> str:
    r"""The text with all that does not print escaped as in Python: newlines, escape codes, direction marks.

    The beginning of a command to a CI is escaped too. What is printable stays as it is, backslashes among it.

    >>> one_line("#data\n::error::gone\x1b[31m")
    '#data\\n::error::gone\\x1b[31m'
    """
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)
    return _COMMAND.sub(lambda found: found[0][:-1] + f"\\x{ord(found[0][-1]):02x}", text)


def lines(texts: Iterable[str]) -> str:
    """Each text on its own line, as text formats print them."""
    return "".join(f"{one_line(text)}\n" for text in texts)


def printable_json(document: bytes) -> str:
    """The same JSON document over several lines, safe to print too: text that JSON need not escape is escaped."""
    found = re.sub(r"#(?=#(?:vso)?\[)", r"\\u0023", document.decode(), flags=re.IGNORECASE)
    return "\n".join(_ascii(line) for line in found.split("\n"))


def shown_url(url: str) -> str:
    """A URL as it may be printed: what is before an @, encoded too, or after a ? or #, may be a password or a token."""
    without_user = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:(?://)?|//).*(@|%40)", r"\1...\2", url, flags=re.DOTALL)
    return re.sub(r"([?#]).*", r"\1...", without_user, flags=re.DOTALL)


def quoted_url(text: str) -> str:
    """The same in quotes, of a text that may be no URL at all."""
    shown = re.sub(r"^[^/:]*(@|%40)", r"...\1", shown_url(text))
    return f'"{shown}"'


def redacted(error: object) -> str:
    """An error's text, in which every URL is as it may be printed: a library may quote the one that it was given."""
    return re.sub(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", lambda url: shown_url(url[0]), str(error))


def _ascii(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in line)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
