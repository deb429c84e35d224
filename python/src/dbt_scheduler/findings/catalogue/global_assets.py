"""SCH301-304, 312, 315-317: rules about declared assets of other teams; the macros check most of them too."""

from dbt_scheduler.findings.finding import Rule, Severity

_EXAMPLE = """\
# models/global_assets/global_sources.yml
sources:
"""

SCH301 = Rule(
    code="SCH301",
    by_macros=True,
    summary="A global asset does not exist",
    message='global asset "{source}": no team exposes an asset named "{asset}"',
    hint='ask its team to add pipelines to it and list it under exposed_assets; run "dbt-scheduler registry list" for all exposed assets',
    why="A global source table represents another team's exposed asset. If there is no such asset, there "
    "is nothing to wait for, and the model would read whatever the table contains at that time.",
    example=_EXAMPLE
    + """\
  - name: global_assets
    tables: [{name: dim_customer}]   # the asset is called dim_customers
""",
    fix="Correct the name, or ask the team that builds the table to expose it. If the table is not built "
    "on this platform, declare it as a regular source: one that is not named `global_assets`, in a "
    "file outside folders of that name.",
)
SCH302 = Rule(
    code="SCH302",
    by_macros=True,
    summary="A global asset is exposed by several teams",
    message='global asset "{source}": "{asset}" is exposed by several teams: {teams}',
    hint='specify the team: declare the table "{asset}" under a source named "{first}", in a file under a folder named global_assets',
    why="Tables of the source `global_assets` are found by name alone, so only one team may expose that "
    "name.",
    example=_EXAMPLE
    + """\
  - name: global_assets
    tables: [{name: dim_dates}]   # both sales and shipping expose a dim_dates
""",
    fix="Declare the table under a source named after the team.",
)
SCH303 = Rule(
    code="SCH303",
    by_macros=True,
    summary="A global asset is not exposed by its team",
    message='global asset "{source}": team {team} builds "{asset}", but does not expose it',
    hint="ask {team} ({channel}) to list it under exposed_assets in its scheduler.yaml",
    why="A team is responsible for its exposed assets: they have an SLO, and the report on a change names "
    "their consumers. Other tables may change without notice.",
    example="""\
# the scheduler.yaml of team shipping exposes only its facts
exposed_assets: [{regex: "fct_.*"}]
# models/global_assets/global_sources.yml of another team
sources:
  - name: shipping
    tables: [{name: stg_shipments}]
""",
    fix="Ask the team to expose the asset, or read an asset that it exposes.",
)
SCH304 = Rule(
    code="SCH304",
    by_macros=True,
    summary="A team's own asset is declared as a global asset",
    message='global asset "{source}": "{asset}" is an asset of this team',
    hint='read it with ref("{asset}"), or as a regular source if a task in scheduler.yaml fills it',
    why="A global asset belongs to another team. Within a project, dependencies come from dbt's own "
    "lineage, also across pipelines.",
    example="""\
# models/global_assets/global_sources.yml of the team that builds dim_customers
sources:
  - name: global_assets
    tables: [{name: dim_customers}]
""",
    fix="Read the table with `ref`, and remove it from `global_assets`.",
)
SCH312 = Rule(
    code="SCH312",
    by_macros=True,
    severity=Severity.NOTE,
    summary="Some checks were skipped because the asset registry was not read",
    message="the asset registry was not read: {what} not checked",
    hint='run "dbt-scheduler registry export --dbt-package .dbt_scheduler/registry", add that folder to '
    "packages.yml and run dbt deps",
    why="Checks of global assets and pipelines need the registry and `platform.yaml`. dbt gets both from a "
    "small package that `dbt-scheduler registry export` writes.",
    example="""\
# packages.yml without the second entry
packages:
  - local: ../dbt_scheduler
  - local: .dbt_scheduler/registry
""",
    fix="Write the package before you run `dbt deps`, in CI too. The var `dbt_scheduler: "
    "{require_registry: true}` turns this note into an error.",
)
SCH315 = Rule(
    code="SCH315",
    by_macros=True,
    summary="A global asset refers to an unknown team",
    message='global asset "{source}": team not found in the registry',
    hint='name the source after a team in the registry, or "global_assets" to find the table by name alone',
    why="A source in a file under a folder named `global_assets` is named after the team whose assets it declares.",
    example=_EXAMPLE
    + """\
  - name: shiping   # the team is named shipping
    tables: [{name: fct_shipments}]
""",
    fix="Correct the name of the source. If it is not a team, move the file out of the folder "
    "`global_assets`. For another project's model (`ref` with the name of its project), the team is "
    "the one that publishes that dbt project; if that project does not run on this platform, ignore "
    "the finding: there is nothing to wait for.",
)
SCH316 = Rule(
    code="SCH316",
    by_macros=True,
    summary="A global asset was retired by its team",
    message='global asset "{source}": team {team} no longer builds "{asset}"',
    hint="ask {team} ({channel}) for its replacement",
    why="The registry still lists consumers of the asset, but its team no longer builds it. There is "
    "nothing to wait for, and the table may be outdated or dropped.",
    example="""\
# models/global_assets/global_sources.yml
sources:
  - name: shipping
    tables: [{name: fct_parcels}]   # renamed to fct_shipments
""",
    fix="Read the replacement, or remove the reference. The next publish of this team's entry removes the "
    "old name from the registry.",
)
SIMILAR = ': perhaps "{similar}"'
"""The end of SCH316's hint if the team exposes an asset with a similar name."""

REF_HINTS = {
    "SCH302": 'several teams publish the dbt project "{project}": declare the table under a source named after '
    "its team, in a file under a folder named global_assets",
    "SCH304": "read a model of this project with ref() and only its name; this one was read through another "
    "project's manifest, and this project no longer builds it",
    "SCH315": 'no team publishes the dbt project "{project}"; if it does not run on this platform, ignore this '
    'in scheduler.yaml: ignore: [{code: SCH315, on: {asset}, because: "..."}]',
}
"""Hints for another project's model, which is read with ``ref`` and not declared as a source."""
SCH321 = Rule(
    code="SCH321",
    summary="A global asset reads the relation of another asset",
    message='global asset "{source}" refers to the asset "{meant}" of team {team}, but its relation {relation} belongs to the asset "{other}"',
    hint='change the relation to that of "{meant}", or declare "{other}" instead',
    why="The task would wait for one table and read another. This happens when a team makes another "
    "version of a model the latest one: the unversioned name then refers to a different relation.",
    example=_EXAMPLE
    + """\
  - name: shipping
    tables: [{name: dim_carriers, identifier: dim_carriers_v2}]   # the latest version is now dim_carriers_v3
""",
    fix="Change the table's `identifier` to that of the asset, or its name to the version you read.",
)
SCH326 = Rule(
    code="SCH326",
    summary="A global asset is not built by any pipeline",
    message='global asset "{source}": team {team} has "{asset}", but no pipeline builds it',
    hint="ask {team} ({channel}) to add pipelines to it",
    why="Only tables that a pipeline builds are assets that can be exposed and waited for. This includes "
    "seeds.",
    example="""\
# dbt_project.yml of the team ants: seeds have no pipelines
models:
  +meta: {scheduler_defaults: {pipelines: [daily]}}
# models/global_assets/global_sources.yml of another team
sources:
  - name: ants
    tables: [{name: countries}]   # a seed
""",
    fix="Add `pipelines` to the node. Seeds and snapshots have their own sections in `dbt_project.yml`.",
)
