"""Findings as text for the terminal."""

from collections import Counter
from collections.abc import Sequence

from dbt_scheduler.findings.finding import Finding, Severity
from dbt_scheduler.findings.formats import Format
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import lines


def render(findings: Sequence[Finding]) -> str:
    """``path:line: CODE message`` with the hint below, and the counts on the last line."""
    texts = []
    for finding in findings:
        mark = "" if finding.severity is Severity.ERROR else f" ({finding.severity})"
        texts.append(f"{finding.place}: {finding.code}{mark} {finding.message}")
        if finding.hint:
            texts.append(f"  hint: {finding.hint}")
    return lines([*texts, count(findings)])


def count(findings: Sequence[Finding]) -> str:
    """``2 errors, 1 warning``, or ``no findings``."""
    counts = Counter(finding.severity for finding in findings)
    words = [format_count(counts[each], each) for each in Severity if counts[each]]
    return ", ".join(words) or "no findings"


PLUGIN = Format(description="plain text", render=render)
