"""Renders the report as a comment of a bot, which finds it again by its first line; it mentions nobody."""

import re
from collections.abc import Sequence

from dbt_scheduler.report import markdown
from dbt_scheduler.report.build import Report

_CODE = "```"

_LINKED = re.compile(
    r"""
    (?P<code>(?<!\\)(?P<fence>`+)(?!`).*?(?<!`)(?P=fence)(?!`))  # shown as it is
    | @[\w./-]+ | [#!]\d[\w./-]* | (?<![A-Za-z0-9])gh-\d[\w./-]*  # people, issues, requests
    | [a-z]{1,20}://[\w./-]* | www\.[\w./-]*
    | \b[0-9a-f]{7,40}\b  # commits
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What GitHub and GitLab make links of, or mentions."""


def render(reports: Sequence[Report]) -> str:
    """The Markdown of ``markdown.render``, after a hidden line with the team names.

    Two things are rendered differently in a comment: ``- + name`` would be a nested list without the sign, and a Slack
    handle, a channel like ``#12`` or a URL in a name would become a mention or a link.
    """
    teams = ", ".join(report.team for report in reports)
    first = f"<!-- dbt-scheduler report: {teams} -->\n"
    return markdown.render(reports, lambda text: first + _for_a_comment(text))


def _for_a_comment(text: str) -> str:
    parts = text.split(_CODE)
    parts[::2] = map(_outside_code, parts[::2])
    return _CODE.join(parts)


def _outside_code(text: str) -> str:
    text = re.sub(r"^- ([+-]) ", r"- \\\1 ", text, flags=re.MULTILINE)
    return _LINKED.sub(lambda found: found[0] if found["code"] else f"`{found[0]}`", text)
