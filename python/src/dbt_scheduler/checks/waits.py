"""Waits that hold up more than they should."""

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
    summary="A hard wait for a less frequent pipeline",
    message='{task} in {pipeline} waits hard for "{asset}" of team {team}, which is only made {producer_pipeline}',
    hint="make the dependency soft or no_wait, so that one late {producer_pipeline} run does not hold up many runs",
    why="All runs of the frequent pipeline stop when one run of the rarer pipeline is late.",
    example="An hourly model that reads another team's daily table with the default dependency, hard.",
    fix="`dependencies: {asset: soft}` (or `no_wait`) in the node's `meta.scheduler`, or move the node to the rarer pipeline.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH311: a hard wait for an asset that is made less often than it is waited for."""
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
