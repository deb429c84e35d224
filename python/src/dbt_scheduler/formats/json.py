"""Findings for another program: a list of objects, stable across versions."""

from collections.abc import Sequence

import msgspec

from dbt_scheduler.errors import Finding


def render(findings: Sequence[Finding]) -> str:
    """One JSON list; every finding has all its keys."""
    return msgspec.json.format(msgspec.json.encode(findings, order="sorted"), indent=2).decode() + "\n"
