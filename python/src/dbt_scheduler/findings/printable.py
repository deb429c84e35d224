"""Makes text safe to print: one line, no terminal escapes or CI commands, no secrets in URLs."""

import json
import re
from collections.abc import Iterable

# https://docs.github.com/actions: a log line that starts with ::, also after spaces, is a workflow command. The
# runner and Azure Pipelines also parse ##[ and ##vso[ anywhere in a line.
_COMMAND = re.compile(r"^\s*(:)(?=:)|#(#)(?=(?:vso)?\[)", re.IGNORECASE)


def one_line(text: str) -> str:
    r"""Escape unprintable characters as Python does: newlines, escape codes, direction marks.

    The start of a CI command is escaped too. Printable text is unchanged, including backslashes.

    >>> one_line("#data\n::error::gone\x1b[31m")
    '#data\\n::error::gone\\x1b[31m'
    """
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)
    return _COMMAND.sub(lambda found: found[0][:-1] + f"\\x{ord(found[0][-1]):02x}", text)


def lines(texts: Iterable[str]) -> str:
    """Each text on a line of its own, made printable by ``one_line``."""
    return "".join(f"{one_line(text)}\n" for text in texts)


def printable_json(document: bytes) -> str:
    """The same JSON document with unprintable characters and ``##[`` as JSON escapes."""
    found = re.sub(r"#(?=#(?:vso)?\[)", r"\\u0023", document.decode(), flags=re.IGNORECASE)
    return "\n".join(_ascii(line) for line in found.split("\n"))


def shown_url(url: str) -> str:
    """The URL with ``...`` for user info, query and fragment, which may hold passwords or tokens."""
    without_user = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:(?://)?|//).*(@|%40)", r"\1...\2", url, flags=re.DOTALL)
    return re.sub(r"([?#]).*", r"\1...", without_user, flags=re.DOTALL)


def quoted_url(text: str) -> str:
    """``shown_url`` in quotes, also for text that is not a URL."""
    shown = re.sub(r"^[^/:]*(@|%40)", r"...\1", shown_url(text))
    return f'"{shown}"'


def redacted(error: object) -> str:
    """The error's text with ``shown_url`` applied to each URL: libraries quote the URL they were given."""
    return re.sub(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", lambda url: shown_url(url[0]), str(error))


def _ascii(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in line)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
