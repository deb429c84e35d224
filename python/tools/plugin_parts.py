"""The parts of schemas, of the default platform and of documents about alerts and the registry, from the plug-ins."""

from typing import Any

from kinds_parts import GENERATED

from dbt_scheduler.airflow.alerts.transports import transports
from dbt_scheduler.registry.stores import schemes


def alert_channel() -> dict[str, Any]:
    """The schema of ``alerting.channel`` in ``platform.yaml``."""
    return {
        "$comment": GENERATED,
        "description": _sentences(),
        "enum": [*transports()],
        "examples": [*transports()][:1],
    }


def spec_alert_channel() -> dict[str, Any]:
    """The schema of ``alert_channel`` in a DAG spec."""
    description = f"How alerts are sent. {_sentences()}"
    examples = [*transports()]
    return {
        "$comment": GENERATED,
        "description": description,
        "type": "string",
        "minLength": 1,
        "examples": examples,
    }


def default_alert_channel() -> str:
    """The comment on ``alerting.channel`` in the default platform."""
    width = max(map(len, transports()))
    return "".join(f"  # {name:<{width}}  {each.description}\n" for name, each in transports().items())


def alerts_table() -> str:
    """The ways to send alerts in Markdown."""
    rows = ["| channel | alerts are sent to | requires | install where tasks run |\n", "|---|---|---|---|\n"]
    for name, each in transports().items():
        rows.append(f"| `{name}` | {each.description} | {each.needs} | {_install(each.extra)} |\n")
    return "".join(rows)


def registry_url() -> dict[str, Any]:
    """The schema of ``registry.url`` in ``platform.yaml``."""
    kinds = "; ".join(
        f"{' or '.join(each.examples)} ({each.description.replace('`', '')})" for each in schemes().values()
    )
    return {
        "$comment": GENERATED,
        "description": f"{kinds}. dbt-scheduler publish writes there. Default: the folder registry next to the "
        "compiled dags.",
        "type": ["string", "null"],
        "minLength": 1,
        "examples": [each.examples[0] for each in schemes().values()],
    }


def default_registry_url() -> str:
    """The comment on ``registry.url`` in the default platform."""
    lines = []
    for each in schemes().values():
        needs = f"; needs `pip install 'dbt-scheduler[{each.extra}]'`" if each.extra else ""
        lines.append(f"  # {' or '.join(each.examples)}:\n  #   {each.description}{needs}\n")
    return "".join(lines)


def registry_table() -> str:
    """The kinds of registries in Markdown."""
    rows = ["| URL | what it is | install |\n", "|---|---|---|\n"]
    rows.append(
        "| unset | the folder `registry` next to the compiled `dags`: for teams that are compiled together | |\n"
    )
    for each in schemes().values():
        urls = ", ".join(f"`{url}`" for url in each.examples)
        rows.append(f"| {urls} | {each.description} | {_install(each.extra)} |\n")
    return "".join(rows)


def _sentences() -> str:
    return " ".join(f"{name}: {each.description}." for name, each in transports().items())


def _install(extra: str | None) -> str:
    return f"`pip install 'dbt-scheduler[{extra}]'`" if extra else ""
