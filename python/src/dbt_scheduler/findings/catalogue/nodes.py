"""SCH1: what can be wrong with dbt nodes: their ``meta.scheduler`` and the tasks that they become."""

from dbt_scheduler.findings.finding import Rule, Severity

SCH101 = Rule(
    code="SCH101",
    by_macros=True,
    summary="`meta.scheduler` or `meta.scheduler_defaults` has the wrong shape",
    message="{where}: {problem}",
    why="A key that is misspelled or has a value of another type would be left out silently, and the task "
    "would not run as its node says.",
    example="""\
models:
  - name: dim_customers
    config:
      meta:
        scheduler:
          pipelnes: [daily]   # no such key
          retries: two        # not a number
""",
    fix="Correct the key or the value that the message names. The keys are `pipelines`, `group`, `owners`, "
    "`retries`, `timeout` and `dependencies`; `schemas/meta_scheduler.schema.json` describes each.",
)
SCH102 = Rule(
    code="SCH102",
    by_macros=True,
    summary="A node is in a pipeline that the platform does not have",
    message='"{node}" is in an unknown pipeline "{pipeline}"',
    hint="the platform's pipelines: {pipelines}",
    why="Pipelines are defined once for all teams in `platform.yaml`. A node in an unknown one would never "
    "run in it.",
    example="""\
models:
  - name: dim_customers
    config: {meta: {scheduler: {pipelines: [dayly]}}}
""",
    fix="Use one of the platform's pipelines, or ask the platform team for a new one.",
)
SCH103 = Rule(
    code="SCH103",
    by_macros=True,
    summary="`dependencies` names something that the node does not wait for",
    message='"{node}" names "{asset}" under dependencies, but reads no asset of that name',
    hint="name what the node reads, or remove the key",
    why="`dependencies` says how the node waits for what it reads. A name that it does not read changes "
    "nothing, and the wait that was meant stays hard.",
    example="""\
models:
  - name: fct_orders   # reads source("shipping", "fct_shipments")
    config: {meta: {scheduler: {pipelines: [daily], dependencies: {fct_shipment: soft}}}}
""",
    fix="Correct the name: it is the name of the asset, or `source.table` where that is ambiguous.",
)
SCH114 = Rule(
    code="SCH114",
    severity=Severity.WARNING,
    summary="A key of `meta` that is nearly `scheduler` or `scheduler_defaults`",
    message='{nodes} the key "{key}" under meta, which dbt-scheduler does not read',
    why="`meta` is open to every tool, so dbt takes any key. What stands under a misspelled one is left out silently: "
    "the nodes have no pipelines, and a DAG without tasks is removed.",
    example="""\
# dbt_project.yml
models:
  +meta: {schedulr_defaults: {pipelines: [daily]}}
""",
    fix="Correct the key. If it is another tool's, say so: `ignore: [{code: SCH114, on: its_key, because: ...}]`.",
)
