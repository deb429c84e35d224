"""Waits that hold up more than they should."""

from collections.abc import Iterator

from dbt_scheduler.findings.catalogue.assets import SCH311
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import work_place
from dbt_scheduler.project.types import Dependency
from dbt_scheduler.schedule import cadence_seconds


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH311: a hard wait for an asset that is made less often than it is waited for."""
    entries = workspace.directory.entries
    for pipeline, dag in team.graph.dags.items():
        often = cadence_seconds(entries[team.project.team].pipelines[pipeline])
        for work_id, waits in dag.waits.items():
            for wait in waits:
                schedule = entries[wait.key.team].pipelines[wait.producer_pipeline]
                if wait.dependency == Dependency.HARD and cadence_seconds(schedule) > often:
                    yield SCH311.at(
                        *work_place(team.project.folder, dag.works[work_id], "scheduler", "dependencies"),
                        subject=wait.key.asset,
                        task=dag.works[work_id].name,
                        pipeline=pipeline,
                        asset=wait.key.asset,
                        team=wait.key.team,
                        producer_pipeline=wait.producer_pipeline,
                    )
