"""How findings are shown (``check --format``): one module each, called like the format."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.plugin_folder import plugins


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of a format."""

    description: str
    render: Callable[[Sequence[Finding]], str]


def formats() -> Mapping[str, Format]:
    """Every format, by its name."""
    return plugins(__name__, Format)
