"""Builds a team's document: its pipelines, its assets with their consumers, and the assets that it reads."""

from dbt_scheduler.registry.entry import AssetKey, dag_id, is_external
from dbt_scheduler.registry.lookup.views import view_asset, view_consumed
from dbt_scheduler.schedule.text import format_schedule
from dbt_scheduler.site.catalogue import Catalogue
from dbt_scheduler.site.documents import Asset, AssetColumn, Team, TeamPipeline


def make_team(catalogue: Catalogue, team: str) -> Team:
    """The details of a team from the catalogue."""
    entry = catalogue.directory.entries[team]
    external = is_external(entry)
    return Team(
        name=team,
        channel=entry.contact.channel,
        tag=entry.contact.tag,
        external=external,
        project=entry.project_name,
        pipelines=tuple(
            TeamPipeline(
                name, format_schedule(schedule), None if external else dag_id(entry.dag_prefix, name)
            )
            for name, schedule in entry.pipelines.items()
        ),
        assets={asset: _asset(catalogue, AssetKey(team, asset)) for asset in entry.produced},
        reads=tuple(view_consumed(team, catalogue.directory)),
        acknowledged=entry.acknowledged_changes,
    )


def _asset(catalogue: Catalogue, key: AssetKey) -> Asset:
    view = view_asset(key, catalogue.directory, catalogue.readers)
    return Asset(
        latest_of=view.latest_of,
        task_id=view.task_id,
        exposed=view.exposed,
        description=view.description,
        tags=view.tags,
        owners=view.owners,
        relation=view.relation,
        columns=tuple(
            AssetColumn(name, type_, view.column_descriptions.get(name, ""))
            for name, type_ in view.columns.items()
        ),
        promises=view.promises,
        consumers=view.consumers,
    )
