"""The report as the comment of a bot: found again by its first line, and with every sign visible."""

import re
from collections.abc import Sequence

from dbt_scheduler.report import markdown
from dbt_scheduler.report.build import Report

MARKER = "<!-- dbt-scheduler report -->"
"""Who updates the comment of an earlier run finds it by this line, which Markdown does not show."""


def render(reports: Sequence[Report]) -> str:
    """The Markdown of ``markdown.render``; there ``- + name`` is a list in a list, which shows no sign."""
    text = re.sub(r"^- ([+-]) ", r"- \\\1 ", markdown.render(reports), flags=re.MULTILINE)
    return f"{MARKER}\n{text}"
