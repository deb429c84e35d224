"""Renders registry queries as text tables."""

from collections.abc import Iterable, Iterator, Sequence

from dbt_scheduler.findings.printable import lines
from dbt_scheduler.findings.table import aligned
from dbt_scheduler.registry.entry import EVERY_COLUMN, ColumnsRead
from dbt_scheduler.registry.lookup.views import AssetView, ConsumedAsset, ConsumerTask

_MOST_NAMES = 3


def render_assets(assets: Iterable[AssetView]) -> str:
    """A table with a line for each asset."""
    rows = [
        (
            asset.asset,
            asset.team,
            "; ".join(each.ready for each in asset.promises if each.exposed or not asset.exposed),
            _names({consumer.team for consumer in asset.consumers} - {asset.team}),
        )
        for asset in assets
    ]
    return _table(("ASSET", "TEAM", "READY", "CONSUMERS"), rows, "no assets")


def render_asset(asset: AssetView) -> str:
    """All data of one asset."""
    facts = [("team", _party(asset.team, asset.channel))]
    if asset.description:
        facts.append(("about", " ".join(asset.description.split())))
    facts += [
        (name, ", ".join(each)) for name, each in (("tags", asset.tags), ("owners", asset.owners)) if each
    ]
    if asset.latest_of:
        facts.append(("also named", f"{asset.latest_of} (this is the latest version)"))
    facts += [("task", f"{promise.dag_id} {asset.task_id}") for promise in asset.promises]
    for promise in asset.promises:
        exposed = "" if promise.exposed else " (not exposed)"
        facts.append(("ready", f"{promise.ready}{exposed}"))
    if not asset.exposed:
        facts.append(("exposed", f"no; ask {_party(asset.team, asset.channel)} before you depend on it"))
    facts.append(("relation", asset.relation or "unknown"))
    facts += [("column", f"{name} {type_ or ''}".rstrip()) for name, type_ in asset.columns.items()]
    return lines([asset.asset, *_indented(facts), ""]) + render_consumers(asset.consumers)


def render_consumers(consumers: Sequence[ConsumerTask]) -> str:
    """A table with a line for each task that reads an asset."""
    rows = [
        (
            each.team,
            each.channel or "",
            f"{each.dag_id} {each.task_id}",
            each.dependency,
            each.producer_pipeline,
            _columns(each.columns),
        )
        for each in consumers
    ]
    head = ("CONSUMER", "CHANNEL", "TASK", "DEPENDENCY", "ON PIPELINE", "COLUMNS")
    return _table(head, rows, "no consumers")


def render_consumed(needs: Iterable[ConsumedAsset]) -> str:
    """A table with a line for each task that reads another team's asset."""
    rows = [
        (
            each.asset,
            each.team,
            each.channel or "",
            each.ready or "not built",
            each.dependency,
            f"{each.dag_id} {each.task_id}",
            _columns(each.columns),
        )
        for each in needs
    ]
    return _table(
        ("ASSET", "PRODUCER", "CHANNEL", "READY", "DEPENDENCY", "READ BY", "COLUMNS"),
        rows,
        "no assets of other teams",
    )


def _indented(facts: Sequence[tuple[str, str]]) -> Iterator[str]:
    """One fact per line; a repeated name is shown only once."""
    width = max(len(name) for name, _ in facts)
    before = ""
    for name, value in facts:
        yield f"  {'' if name == before else name:{width}}  {value}"
        before = name


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], none: str) -> str:
    return lines(aligned([head, *rows])) if rows else f"{none}\n"


def _columns(read: ColumnsRead | None) -> str:
    """Which columns a task reads, in the words of the registry's pages."""
    if read is None:
        return "unknown"
    return "every column" if read == EVERY_COLUMN else ", ".join(read) or "none"


def _names(teams: set[str]) -> str:
    return ", ".join(sorted(teams)) if len(teams) <= _MOST_NAMES else f"{len(teams)} teams"


def _party(team: str, channel: str | None) -> str:
    return f"{team} ({channel})" if channel else team
