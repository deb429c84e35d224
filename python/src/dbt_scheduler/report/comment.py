"""The report as the comment of a bot: found again by its first line, with every sign visible, notifying nobody."""

import re
from collections.abc import Sequence

from dbt_scheduler.report import markdown
from dbt_scheduler.report.build import Report

_CODE = "```"


def render(reports: Sequence[Report]) -> str:
    """The Markdown of ``markdown.render``, below a line that names the teams and that Markdown does not show.

    Two things read otherwise in a comment: ``- + name`` is a list in a list, which shows no sign, and a Slack
    handle would notify whoever has that name where the comment stands; a channel like ``#12`` would link there.
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
