"""Generates files from the code: macros, docs/rules.md, and the parts of schemas and documents about plug-ins.

With ``--check``, writes nothing and fails if a file is stale. A schema that the macros cannot interpret is an error.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kinds_parts
import plugin_parts
from interpreted import KEYWORDS, not_interpreted
from rules_doc import render
from spliced import between, with_value

from dbt_scheduler.checks import rules
from dbt_scheduler.config.platform import DEFAULT_PLATFORM
from dbt_scheduler.config.schema.messages import LONGEST_QUOTE, UNITS, WORDS
from dbt_scheduler.config.schema.validation import load_schema
from dbt_scheduler.decoding_errors import KINDS
from dbt_scheduler.findings.catalogue.global_assets import REF_HINTS, SCH316, SIMILAR
from dbt_scheduler.findings.finding import Rule
from dbt_scheduler.findings.suggest import MOST_CANDIDATES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "macros" / "generated"

LACKING = (
    "schemas/meta_scheduler.schema.json{place}: the dbt macros do not support this; "
    "they support " + ", ".join(KEYWORDS) + " (macros/json_schema, python/tools/interpreted.py)"
)


def main(arguments: list[str]) -> int:
    """Write stale files, or with ``--check`` only print their names, and return 1 if there are any.

    Also returns 1, and writes nothing, if the macros cannot interpret the schema.
    """
    lacking = [*not_interpreted(_meta_scheduler(_schemas()))]
    for place in lacking:
        print(LACKING.format(place=place), file=sys.stderr)  # noqa: T201 - a command
    if lacking:
        return 1
    stale = {path: text for path, text in generated().items() if _current(path) != text}
    for path, text in stale.items():
        if "--check" not in arguments:
            path.write_text(text, "utf-8")
        said = "is stale" if "--check" in arguments else "written"
        print(path.relative_to(ROOT), said)  # noqa: T201 - a command
    return 1 if stale and "--check" in arguments else 0


def generated() -> dict[Path, str]:
    """The text of each generated file."""
    words = {
        "templates": {keyword: text for keyword, text in WORDS.items() if keyword in KEYWORDS},
        "kinds": KINDS,
        "units": {keyword: unit for keyword, unit in UNITS.items() if keyword in KEYWORDS},
        "longest_quote": LONGEST_QUOTE,
        "most_candidates": MOST_CANDIDATES,
    }
    schemas = _schemas()
    return {
        FOLDER / "meta_scheduler_schema.sql": _macro("meta_scheduler_schema", _meta_scheduler(schemas)),
        FOLDER / "rules.sql": _macro(
            "rules", {code: _words(rule) for code, rule in rules().items() if rule.by_macros}
        ),
        FOLDER / "words.sql": _macro("words", words),
        ROOT / "docs" / "rules.md": render(rules().values()),
        **schemas,
        **_documents(),
    }


def _meta_scheduler(schemas: Mapping[Path, str]) -> dict[str, Any]:
    """The schema with its generated parts."""
    schema: dict[str, Any] = json.loads(schemas[ROOT / "schemas" / "meta_scheduler.schema.json"])
    return schema


def _schemas() -> dict[Path, str]:
    task = load_schema("scheduler")["$defs"]["task"]
    settings = load_schema("scheduler")["properties"]["dbt_settings"]["properties"]
    dbt = load_schema("platform")["properties"]["dbt"]["properties"]
    node = load_schema("meta_scheduler")["properties"]
    parts: dict[tuple[str, ...], object] = {
        ("platform", "properties", "dbt", "properties"): {"where": kinds_parts.where("dbt")}
        | _written(dbt)
        | kinds_parts.settings("dbt"),
        ("scheduler", "properties", "dbt_settings", "properties"): _written(settings)
        | kinds_parts.dbt_settings(),
        ("meta_scheduler", "properties"): _written(node) | kinds_parts.node_settings(),
        ("platform", "properties", "kinds"): kinds_parts.platform_kinds(),
        ("platform", "properties", "alerting", "properties", "channel"): plugin_parts.alert_channel(),
        ("platform", "properties", "registry", "properties", "url"): plugin_parts.registry_url(),
        ("dag_spec", "properties", "alert_channel"): plugin_parts.spec_alert_channel(),
        ("scheduler", "$defs", "task", "properties"): {"kind": kinds_parts.task_kind()}
        | _written(task["properties"])
        | kinds_parts.task_settings(),
        ("scheduler", "$defs", "task", "allOf"): [
            *(each for each in task["allOf"] if "$comment" not in each),
            *kinds_parts.task_branches(),
        ],
    }
    texts: dict[Path, str] = {}
    for (name, *keys), value in parts.items():
        path = ROOT / "schemas" / f"{name}.schema.json"
        texts[path] = with_value(texts.get(path) or _current(path), keys, value)
    return texts


def _written(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that are written by hand."""
    return {key: value for key, value in properties.items() if "$comment" not in value}


def _documents() -> dict[Path, str]:
    parts = (
        (DEFAULT_PLATFORM, "places of dbt", kinds_parts.default_dbt()),
        (DEFAULT_PLATFORM, "kinds", kinds_parts.default_kinds()),
        (DEFAULT_PLATFORM, "alert channels", plugin_parts.default_alert_channel()),
        (DEFAULT_PLATFORM, "registry URLs", plugin_parts.default_registry_url()),
        (ROOT / "docs" / "where_tasks_run.md", "places", kinds_parts.table()),
        (ROOT / "docs" / "publishing.md", "registry URLs", plugin_parts.registry_table()),
        (ROOT / "docs" / "alerts.md", "alert channels", plugin_parts.alerts_table()),
    )
    texts: dict[Path, str] = {}
    for path, name, content in parts:
        texts[path] = between(texts.get(path) or _current(path), name, content)
    return texts


def _words(rule: Rule) -> dict[str, str]:
    words = {"severity": rule.severity.value, "message": rule.message, "hint": rule.hint}
    more = {"ref_hint": REF_HINTS.get(rule.code), "similar_hint": SIMILAR if rule is SCH316 else None}
    return words | {name: text for name, text in more.items() if text}


def _macro(name: str, value: Mapping[str, object]) -> str:
    # Decoding JSON with one call is a hundred times faster in dbt than a Jinja literal.
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if "endraw" in text:
        raise ValueError(f"{name}: the word endraw would end the raw block around the document")
    return (
        "{# Generated by `make generate`: do not edit. #}\n"
        f"{{% macro {name}() %}}\n"
        f"{{% set document %}}{{% raw %}}{text}{{% endraw %}}{{% endset %}}\n"
        "{{ return(fromjson(document)) }}\n"
        "{% endmacro %}\n"
    )


def _current(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
