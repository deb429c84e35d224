"""Compiles teams: from loaded projects and the registry to DAG specs and registry entries."""

import msgspec
from msgspec import UNSET

from dbt_scheduler.compiler.dbt_commands import dbt_commands
from dbt_scheduler.compiler.docs import dag_doc
from dbt_scheduler.compiler.hooks import hooks_of
from dbt_scheduler.compiler.sensors import active_runs, make_sensors
from dbt_scheduler.compiler.tasks import CompileContext, make_tasks
from dbt_scheduler.graph.lineage import DagGraph
from dbt_scheduler.graph.registry_entry import with_columns_read
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import Entry, dag_id
from dbt_scheduler.spec import EXTERNAL_FORMAT_VERSION, FORMAT_VERSION, RESUME_DAG, DagSpec


class CompiledTeam(msgspec.Struct, frozen=True):
    """The compiled output of a team: its DAG specs and its registry entry."""

    team: str
    specs: tuple[DagSpec, ...]
    entry: Entry


def compile_team(team: Team, workspace: Workspace, cwd: str) -> CompiledTeam:
    """Compile one team; ``cwd`` is the path of its dbt project for the tasks, relative to the specs or absolute."""
    platform = workspace.platform
    context = CompileContext(
        project=team.project,
        platform=platform,
        dbt=dbt_commands(
            team.project.manifest, platform.dbt.command, platform.dbt.options, team.project.strict_warnings
        ),
        cwd=cwd,
        awaited_assets=_awaited_assets(team),
    )
    specs = tuple(_spec(context, team, dag, workspace.directory) for dag in team.graph.dags.values())
    entry = with_columns_read(team.entry, team.graph, workspace.directory)
    return CompiledTeam(team.project.team, specs, entry)


def _spec(context: CompileContext, team: Team, dag: DagGraph, directory: Directory) -> DagSpec:
    project, pipeline = team.project, context.platform.pipelines[dag.pipeline]
    hooks = hooks_of(project, context.platform, context.dbt, dag)
    context = msgspec.structs.replace(context, hooks=hooks, pipeline=dag.pipeline)
    sensors = make_sensors(
        dag, directory, context.platform, tuple(task.task_id for task in context.hooks.start[-1:])
    )
    alerting = project.config.alerting
    external = any(sensor.producer.external for sensor in sensors)
    return DagSpec(
        format_version=EXTERNAL_FORMAT_VERSION if external else FORMAT_VERSION,
        dag_id=dag_id(project.dag_prefix, dag.pipeline),
        team=project.team,
        pipeline=dag.pipeline,
        doc=dag_doc(project, dag.pipeline, team.entry, sensors),
        tags=tuple(sorted({project.team, dag.pipeline, *project.config.tags})),
        channel=alerting.channel,
        alert_tags=alerting.tag,
        alert_channel=context.platform.alerting.channel,
        alert_connection=context.platform.alerting.connection,
        alert_warnings=context.platform.alerting.warnings,
        airflow_connection=context.platform.airflow_connection,
        resume_dag=context.platform.dag_prefix + RESUME_DAG,
        schedule=pipeline.schedule,
        catchup=pipeline.catchup,
        max_active_runs=active_runs(sensors, pipeline.schedule, pipeline.max_active_runs),
        registry_url=context.platform.registry_url,
        site_url=context.platform.site_url or UNSET,
        sensors=sensors,
        tasks=make_tasks(context, dag, team.test_plans[dag.pipeline]),
    )


def _awaited_assets(team: Team) -> frozenset[str]:
    """The assets that runs of other DAGs may wait for: exposed ones, and the team's own across pipelines."""
    exposed = {asset for asset, made in team.entry.produced.items() if made.exposed}
    own = team.entry.consumed.get(team.project.team, {})
    waited = {asset for asset, readers in own.items() if any(reader.sensor_task_id for reader in readers)}
    return frozenset(exposed | waited)
