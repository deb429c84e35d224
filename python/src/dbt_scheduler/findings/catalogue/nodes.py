"""SCH1: rules about dbt nodes: their ``meta.scheduler`` and the tasks built from them."""

from dbt_scheduler.findings.finding import Rule, Severity

SCH101 = Rule(
    code="SCH101",
    by_macros=True,
    summary="`meta.scheduler` or `meta.scheduler_defaults` does not match the schema",
    message="{where}: {problem}",
    why="A misspelled key or a value of the wrong type would otherwise be ignored silently, and the task "
    "would not run as configured.",
    example="""\
models:
  - name: dim_customers
    config:
      meta:
        scheduler:
          pipelnes: [daily]   # unknown key
          retries: two        # not an integer
""",
    fix="Correct the key or value named in the message. `schemas/meta_scheduler.schema.json` describes all valid keys, "
    "and docs/dbt_project.md lists them.",
)
SCH102 = Rule(
    code="SCH102",
    by_macros=True,
    summary="A node is assigned to an unknown pipeline",
    message='{nodes} assigned to the unknown pipeline "{pipeline}"',
    hint="available pipelines: {pipelines}",
    why="Pipelines are defined once for all teams in `platform.yaml`. A node assigned to an unknown "
    "pipeline would never run in it.",
    example="""\
models:
  - name: dim_customers
    config: {meta: {scheduler: {pipelines: [dayly]}}}
""",
    fix="Use one of the platform's pipelines, or ask the platform team to add a new one.",
)
SCH103 = Rule(
    code="SCH103",
    by_macros=True,
    summary="`dependencies` lists an asset that the node does not read",
    message='"{node}" lists "{asset}" under dependencies, but does not read an asset with that name',
    hint="use the name of an asset that the node reads, or remove the entry",
    why="`dependencies` sets how a node waits for the assets it reads. An entry for any other asset has no "
    "effect, and the wait it was meant for stays hard.",
    example="""\
models:
  - name: fct_orders   # reads source("shipping", "fct_shipments")
    config: {meta: {scheduler: {pipelines: [daily], dependencies: {fct_shipment: soft}}}}
""",
    fix="Correct the name. Use the name of the asset, or `source.table` if the name is ambiguous.",
)
SCH114 = Rule(
    code="SCH114",
    severity=Severity.WARNING,
    summary="A `scheduler` or `scheduler_defaults` is misspelled, or not under `meta`",
    message='{nodes} the key "{key}" under {parent}, which dbt-scheduler ignores',
    why="dbt accepts any key under `meta` and `config`, so a misspelled or misplaced one is ignored silently: "
    "the nodes have no pipelines, and a DAG that loses all of its tasks is removed.",
    example="""\
# dbt_project.yml
models:
  +meta: {schedulr_defaults: {pipelines: [daily]}}
""",
    fix="Correct the key, or move it under `meta`. If the key belongs to another tool, ignore the finding: `ignore: [{code: SCH114, "
    "on: its_key, because: ...}]`.",
)
