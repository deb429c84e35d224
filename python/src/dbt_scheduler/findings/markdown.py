"""Text in Markdown that shows as it is, whatever a team wrote."""

import re

from dbt_scheduler.findings.printable import one_line


def escaped(text: str) -> str:
    """Escape Markdown, on one line; underscores within a word need no escape."""
    text = one_line(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|~])|(?<!\w)_|_(?!\w)", r"\\\g<0>", text)


def code_span(text: str) -> str:
    """The text as code, on one line; it ends at as many backticks as it starts with, so it has more than the text."""
    text = one_line(text)
    fence = "`" * (1 + max(map(len, re.findall(r"`+", text)), default=0))
    padding = " " if text[:1] in ("`", " ") or text[-1:] == "`" else ""
    return f"{fence}{padding}{text}{padding}{fence}"
