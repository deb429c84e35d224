"""Builds the registry entry of a team whose assets hand-written DAGs produce."""

import msgspec

from dbt_scheduler.config.external_assets import ExternalAsset, ExternalAssets
from dbt_scheduler.registry.entry import (
    EXTERNAL_FORMAT_VERSION,
    EXTERNAL_PROJECT,
    Acknowledged,
    AssetPipeline,
    Contact,
    Entry,
    Produced,
)


class ExternalTeam(msgspec.Struct, frozen=True):
    """An external_assets.yaml, and its registry entry."""

    config: ExternalAssets
    entry: Entry

    @property
    def team(self) -> str:
        """The team's name."""
        return self.config.team


def external_team(config: ExternalAssets, platform_prefix: str) -> ExternalTeam:
    """Build the team of a file. All of its assets are exposed."""
    prefix = f"{platform_prefix}{config.team}"
    entry = Entry(
        format_version=EXTERNAL_FORMAT_VERSION,
        project_name=EXTERNAL_PROJECT,
        dag_prefix=prefix,
        contact=Contact(config.alerting.channel, config.alerting.tag),
        pipelines={
            each.pipeline: each.schedule for each in sorted(config.assets, key=lambda each: each.pipeline)
        },
        produced={
            each.asset: _produced(each, prefix) for each in sorted(config.assets, key=lambda each: each.asset)
        },
        consumed={},
        acknowledged_changes=tuple(
            Acknowledged(each.asset, each.change, each.reason) for each in config.acknowledged_changes
        ),
    )
    return ExternalTeam(config, entry)


def _produced(made: ExternalAsset, prefix: str) -> Produced:
    return Produced(
        dag_prefix=prefix,
        task_group=None,
        task_id=made.task_id,
        pipeline=made.pipeline,
        slo_seconds=made.slo_seconds,
        pipelines={made.pipeline: AssetPipeline(slo_seconds=made.slo_seconds, exposed=True)},
        exposed=True,
        relation=made.relation,
        columns={},
        dag_id=made.dag_id,
    )
