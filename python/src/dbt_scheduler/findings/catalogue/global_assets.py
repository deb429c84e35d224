"""SCH301-304, 312, 315-317: what stands for other teams' assets; the dbt macros check most of these too."""

from dbt_scheduler.findings.finding import Rule, Severity

_EXAMPLE = """\
# models/global_assets/global_sources.yml
sources:
"""

SCH301 = Rule(
    code="SCH301",
    by_macros=True,
    summary="A global asset that nobody makes",
    message='global asset "{source}": no team exposes an asset called "{asset}"',
    hint='ask its team to give it pipelines and list it under exposed_assets, or "dbt-scheduler registry list" for what there is',
    why="A source table that is declared global stands for another team's exposed asset. With no such "
    "asset there is nothing to wait for, and the model would read whatever happens to be there.",
    example=_EXAMPLE
    + """\
  - name: global_assets
    tables: [{name: dim_customer}]   # the asset is called dim_customers
""",
    fix="Correct the name, or ask the team that makes the table to expose it. If the table is not made on "
    "this platform, declare it as an ordinary source: one that is not called `global_assets`, in a file "
    "outside folders of that name.",
)
SCH302 = Rule(
    code="SCH302",
    by_macros=True,
    summary="A global asset that several teams make",
    message='global asset "{source}": "{asset}" is exposed by several teams: {teams}',
    hint='name the team: a source "{first}" with the table "{asset}", in a file under a folder global_assets',
    why="Under the source `global_assets` a table is found by name alone, so only one team may expose it.",
    example=_EXAMPLE
    + """\
  - name: global_assets
    tables: [{name: dim_dates}]   # both sales and shipping expose a dim_dates
""",
    fix="Declare the table under a source that is called after the team.",
)
SCH303 = Rule(
    code="SCH303",
    by_macros=True,
    summary="A global asset that its team does not expose",
    message='global asset "{source}": team {team} makes "{asset}", but does not expose it',
    hint="ask {team} ({channel}) to list it under exposed_assets in its scheduler.yaml",
    why="A team answers for its exposed assets: they have an SLO, and the report on a change "
    "of one names its readers. Anything else may change without notice.",
    example="""\
# shipping's scheduler.yaml exposes its facts only
exposed_assets: [{regex: "fct_.*"}]
# models/global_assets/global_sources.yml of another team
sources:
  - name: shipping
    tables: [{name: stg_shipments}]
""",
    fix="Ask the team to expose the asset, or read one that it exposes.",
)
SCH304 = Rule(
    code="SCH304",
    by_macros=True,
    summary="The team's own asset is declared global",
    message='global asset "{source}": "{asset}" is this team\'s own',
    hint='read it with ref("{asset}"), or as an ordinary source if a task of scheduler.yaml fills it',
    why="A global asset is another team's. Within a project dbt's own lineage says what needs what, also "
    "across pipelines.",
    example="""\
# models/global_assets/global_sources.yml of the team that makes dim_customers
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
    summary="The asset registry was not read, so some checks were skipped",
    message="the asset registry was not read: {what} not checked",
    hint='run "dbt-scheduler registry export --dbt-package .dbt_scheduler/registry", list that folder in '
    "packages.yml and run dbt deps",
    why="Whether another team's asset exists and whether the platform knows a pipeline is known only from "
    "the registry and `platform.yaml`. dbt gets both as a small package that `dbt-scheduler registry export` "
    "writes.",
    example="""\
# packages.yml without the second entry
packages:
  - local: ../dbt_scheduler
  - local: .dbt_scheduler/registry
""",
    fix="Write the package before `dbt deps`, in CI too. The var `dbt_scheduler: {require_registry: true}` "
    "makes an error of this note.",
)
SCH315 = Rule(
    code="SCH315",
    by_macros=True,
    summary="A global asset of a team that does not exist",
    message='global asset "{source}": the registry has no such team',
    hint="call the source after a team that the registry has, or global_assets to find a table by name alone",
    why="A source in a file under a folder `global_assets` is called after the team whose asset it declares.",
    example=_EXAMPLE
    + """\
  - name: shiping   # the team is called shipping
    tables: [{name: fct_shipments}]
""",
    fix="Correct the source's name. If it is no team, move the file out of the folder `global_assets`. For "
    "another project's model (`ref` with the project's name), the team is the one that publishes that dbt "
    "project; if it does not run on this platform, ignore the finding: nothing can wait for it.",
)
SCH316 = Rule(
    code="SCH316",
    by_macros=True,
    summary="A global asset that its team has retired",
    message='global asset "{source}": team {team} no longer makes "{asset}"',
    hint="ask {team} ({channel}) what replaces it",
    why="The registry still knows who reads the asset, but its team makes it no more: there is nothing left "
    "to wait for, and the table may stay as it was on its last day, or be gone.",
    example="""\
# models/global_assets/global_sources.yml
sources:
  - name: shipping
    tables: [{name: fct_parcels}]   # shipping has renamed it to fct_shipments
""",
    fix="Read what replaces it, or stop reading it. Publishing this team's entry then forgets the old name.",
)
SIMILAR = ': perhaps "{similar}"'
"""What the hint of SCH316 ends with where the team exposes something that is called much the same."""

REF_HINTS = {
    "SCH302": 'several teams publish the dbt project "{project}": declare the table as a source that is called after '
    "its team, in a file under a folder global_assets",
    "SCH304": "a model of this project is read with ref() and its name alone; this one came back through another "
    "project's manifest, and is no longer built here",
    "SCH315": 'no team publishes the dbt project "{project}"; if it does not run on this platform, say so in '
    'scheduler.yaml: ignore: [{code: SCH315, on: {asset}, because: "..."}]',
}
"""The hints for another project's model, which is read with ``ref`` and declared nowhere."""
SCH321 = Rule(
    code="SCH321",
    summary="A global asset that lies where another asset does",
    message='global asset "{source}" is the asset "{meant}" of team {team}, but reads {relation}, which is "{other}"',
    hint='read the table of "{meant}", or declare "{other}"',
    why="The task would wait for one table and read another. It happens when a team makes another version the "
    "latest: the bare name then means a table that lies elsewhere.",
    example=_EXAMPLE
    + """\
  - name: shipping
    tables: [{name: dim_carriers, identifier: dim_carriers_v2}]   # since then dim_carriers_v3 is the latest
""",
    fix="Change the table's `identifier` to that of the asset, or its name to the version that you read.",
)
SCH326 = Rule(
    code="SCH326",
    summary="A global asset that no pipeline makes",
    message='global asset "{source}": team {team} has "{asset}", but no pipeline makes it',
    hint="ask {team} ({channel}) to give it pipelines",
    why="Only what a pipeline makes is an asset that can be exposed and waited for. A seed needs pipelines too.",
    example="""\
# dbt_project.yml of the team ants: seeds have no pipelines
models:
  +meta: {scheduler_defaults: {pipelines: [daily]}}
# models/global_assets/global_sources.yml of another team
sources:
  - name: ants
    tables: [{name: countries}]   # a seed
""",
    fix="Give the node `pipelines`: seeds and snapshots have their own sections in `dbt_project.yml`.",
)
