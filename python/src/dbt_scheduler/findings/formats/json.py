"""Findings as JSON for other programs; the keys are stable across versions."""

from collections.abc import Sequence

from dbt_scheduler.files import encode_json
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.formats import Format
from dbt_scheduler.findings.printable import printable_json


def render(findings: Sequence[Finding]) -> str:
    """One JSON list; every finding has all its keys."""
    return printable_json(encode_json(findings))


PLUGIN = Format(description="a JSON list", render=render)
