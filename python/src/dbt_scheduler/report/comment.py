"""Renders the report as a comment of a bot, which finds it again by its first line; it mentions nobody."""

import re
from collections.abc import Sequence

from dbt_scheduler.report import markdown
from dbt_scheduler.report.build import Report

_CODE = "```"


def render(reports: Sequence[Report]) -> str:
    """The Markdown of ``markdown.render``, after a hidden line with the team names.

    Two things are rendered differently in a comment: ``- + name`` would be a nested list without the sign, and a Slack
    handle or a channel like ``#12`` would become a mention or a link.
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
    return re.sub(r"@[\w./-]+|#\d[\w./-]*", r"`\g<0>`", text)
