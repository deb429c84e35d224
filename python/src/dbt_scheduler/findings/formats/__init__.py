"""How findings are shown: one module per format, each with ``render``."""

from collections.abc import Callable, Sequence

from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.formats import github, json, text

FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {
    "text": text.render,
    "json": json.render,
    "github": github.render,
}
