"""Rules about waits that delay too many runs."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import task_location
from dbt_scheduler.project.types import DependencyKind
from dbt_scheduler.schedule import cadence_seconds

SCH311 = Rule(
    code="SCH311",
    severity=Severity.WARNING,
    summary="A hard dependency on a less frequent pipeline",
    message='{task} in {pipeline} has a hard dependency on "{asset}" of team {team}, which is built only in the less frequent pipeline {producer_pipeline}',
    hint="set the dependency to soft or no_wait, so that one late {producer_pipeline} run does not delay many runs",
    why="If one run of the less frequent pipeline is late, all runs of the more frequent pipeline wait.",
    example="An hourly model reads another team's daily table with the default dependency, hard.",
    fix="Set `dependencies: {asset: soft}` (or `no_wait`) in the node's `meta.scheduler`, or move the node "
    "to the less frequent pipeline.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH311: a hard dependency on an asset that is built less often than the consumer runs."""
    entries = workspace.directory.entries
    for pipeline, dag in team.graph.dags.items():
        often = cadence_seconds(entries[team.project.team].pipelines[pipeline])
        for unique_id, waits in dag.waits.items():
            for wait in waits:
                schedule = entries[wait.key.team].pipelines[wait.producer_pipeline]
                if wait.dependency == DependencyKind.HARD and cadence_seconds(schedule) > often:
                    yield SCH311.at(
                        *task_location(
                            team.project.folder, dag.tasks[unique_id], "scheduler", "dependencies"
                        ),
                        subject=wait.key.asset,
                        task=dag.tasks[unique_id].name,
                        pipeline=pipeline,
                        asset=wait.key.asset,
                        team=wait.key.team,
                        producer_pipeline=wait.producer_pipeline,
                    )


PLUGIN = Check(team=check)
