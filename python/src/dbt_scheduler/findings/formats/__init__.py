"""Output formats of findings (``check --format``): one module each, named after the format."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.plugin_folder import plugins


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """An output format."""

    description: str
    render: Callable[[Sequence[Finding]], str]


def formats() -> Mapping[str, Format]:
    """All formats by name."""
    return plugins(__name__, Format)
