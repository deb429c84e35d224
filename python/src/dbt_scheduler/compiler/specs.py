"""Compiles teams: from loaded projects and the registry to DAG specs and registry entries."""

import msgspec

from dbt_scheduler.compiler.commands import dbt_runner
from dbt_scheduler.compiler.docs import dag_doc
from dbt_scheduler.compiler.hooks import hooks_of
from dbt_scheduler.compiler.sensors import active_runs, make_sensors
from dbt_scheduler.compiler.tasks import Workshop, make_tasks
from dbt_scheduler.graph.lineage import DagGraph
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.registry import Directory, Entry, dag_id
from dbt_scheduler.spec import DagSpec


class Compiled(msgspec.Struct, frozen=True):
    """What a team becomes: its DAG specs, and its registry entry."""

    team: str
    specs: tuple[DagSpec, ...]
    entry: Entry


def compile_team(team: Team, workspace: Workspace, cwd: str) -> Compiled:
    """Compile one team; ``cwd`` is its dbt project's folder as the tasks shall find it."""
    platform = workspace.platform
    shop = Workshop(
        project=team.project,
        platform=platform,
        runner=dbt_runner(
            team.project.manifest, platform.dbt.command, platform.dbt.options, team.project.strict_warnings
        ),
        cwd=cwd,
        signalled=_signalled(team),
    )
    specs = tuple(_spec(shop, team, dag, workspace.directory) for dag in team.graph.dags.values())
    return Compiled(team.project.team, specs, team.entry)


def _spec(shop: Workshop, team: Team, dag: DagGraph, directory: Directory) -> DagSpec:
    project, pipeline = team.project, shop.platform.pipelines[dag.pipeline]
    shop = msgspec.structs.replace(shop, hooks=hooks_of(project, shop.platform, shop.runner, dag))
    sensors = make_sensors(
        dag, directory, shop.platform, tuple(task.task_id for task in shop.hooks.start[-1:])
    )
    alerting = project.config.alerting
    return DagSpec(
        dag_id=dag_id(project.dag_prefix, dag.pipeline),
        team=project.team,
        pipeline=dag.pipeline,
        doc=dag_doc(project, dag.pipeline, team.entry, sensors),
        tags=tuple(sorted({project.team, dag.pipeline, *project.config.tags})),
        channel=alerting.channel,
        alert_tags=alerting.tag,
        alert_channel=shop.platform.alerting.channel,
        alert_connection=shop.platform.alerting.connection,
        airflow_connection=shop.platform.airflow_connection,
        schedule=pipeline.schedule,
        catchup=pipeline.catchup,
        max_active_runs=active_runs(sensors, pipeline.schedule, pipeline.max_active_runs),
        registry_url=shop.platform.registry_url,
        sensors=sensors,
        tasks=make_tasks(shop, dag, team.plans[dag.pipeline]),
    )


def _signalled(team: Team) -> frozenset[str]:
    """Assets that somebody else's run may wait for: exposed ones, and the team's own across pipelines."""
    exposed = {asset for asset, made in team.entry.produced.items() if made.exposed}
    own = team.entry.consumed.get(team.project.team, {})
    waited = {asset for asset, readers in own.items() if any(reader.sensor_task_id for reader in readers)}
    return frozenset(exposed | waited)
