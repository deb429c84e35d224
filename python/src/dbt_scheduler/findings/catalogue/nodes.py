"""SCH1: what can be wrong with dbt nodes: their ``meta.scheduler`` and the tasks that they become."""

from dbt_scheduler.findings.finding import Rule, Severity

SCH101 = Rule(
    code="SCH101",
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
    summary="`dependencies` names something that the node does not wait for",
    message='"{node}" names "{asset}" under dependencies, but reads nothing called so',
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
SCH104 = Rule(
    code="SCH104",
    summary="`dependencies` names a parent that runs in the same DAG",
    message='"{node}" names "{asset}" under dependencies, but it runs in the same DAG, {dag_id}',
    hint="remove the key: within a DAG a task always runs after its parents",
    why="soft and no_wait are about waiting for another DAG. Within one DAG the order is that of dbt's "
    "lineage, whatever the key says.",
    example="""\
models:
  - name: fct_orders   # reads ref("stg_orders"), which is daily too
    config: {meta: {scheduler: {pipelines: [daily], dependencies: {stg_orders: soft}}}}
""",
    fix="Remove the name from `dependencies`, or move one of the two to another pipeline.",
)
SCH105 = Rule(
    code="SCH105",
    severity=Severity.WARNING,
    summary="A scheduled node reads a model, snapshot or function that no pipeline runs",
    message='{readers} the {kind} "{parent}", which no pipeline runs',
    hint='give "{parent}" pipelines too',
    why="Nothing builds what is read, so the reader works on whatever was built by hand last, or fails where "
    "nothing was.",
    example="""\
models:
  - name: stg_orders        # no pipelines
  - name: fct_orders        # reads ref("stg_orders")
    config: {meta: {scheduler: {pipelines: [daily]}}}
""",
    fix="Give it `pipelines`, or make the model ephemeral: an ephemeral model is a part of its readers. Functions "
    "have a section of their own in `dbt_project.yml`, `functions:`; what stands under `models:` does not reach "
    "them. A package's node gets pipelines there too, under the name of its package.",
)
PACKAGE_HINT = (
    'give "{parent}" pipelines too, in dbt_project.yml: '
    "{{kind}s: {{package}: {+meta: {scheduler: {pipelines: [...]}}}}}"
)
"""SCH105 and SCH106 of a package's node, whose files are not the team's to change."""
SCH106 = Rule(
    code="SCH106",
    severity=Severity.NOTE,
    summary="A scheduled node reads a seed or a view that no pipeline runs",
    message='{readers} the {kind} "{parent}", which no pipeline runs',
    hint='give "{parent}" pipelines too if it changes',
    why="A seed and a view hold no data of their own that could be late, but a change of theirs reaches the "
    "warehouse only when something runs them.",
    example="""\
seeds:
  - name: country_codes     # no pipelines
models:
  - name: dim_customers     # reads ref("country_codes")
    config: {meta: {scheduler: {pipelines: [daily]}}}
""",
    fix="Give it `pipelines`, or leave it if it is built in another way.",
)
SCH107 = Rule(
    code="SCH107",
    summary="Two tasks of a DAG get the same task id",
    message='"{first}" and "{second}" both become the task {task_id} of {dag_id}',
    hint="give one of them another group, or another name",
    why="Airflow knows a task by its id, in which only letters, digits, `_`, `-` and `.` may stand; other "
    "characters become `_`. Two nodes whose ids come out the same would be one task.",
    example="Two models `orders.eu` and `orders_eu` in one folder, or models of one name from two packages.",
    fix="Set `group` in the `meta.scheduler` of one of them, or rename one. A package's node gets its group in "
    "`dbt_project.yml`.",
)
SCH108 = Rule(
    code="SCH108",
    summary="A task group has a name that it cannot have",
    message='"{group}" cannot be the group of {nodes}: {reason}',
    hint="set another group in its meta.scheduler",
    why="Some groups hold what the scheduler adds by itself, such as `wait_for__hard_dependencies`; and in "
    "Airflow a group and a task of one DAG may not have the same id.",
    example="A folder `models/on_run_start/`, or a folder `orders` next to an ungrouped model `orders`.",
    fix="Set `group` in `meta.scheduler`, on the node or for a folder under `scheduler_defaults`.",
)
SCH109 = Rule(
    code="SCH109",
    severity=Severity.NOTE,
    summary="A table is built in several pipelines",
    message='"{asset}" is built in several pipelines: {pipelines}',
    hint="keep one of them, unless each has to bring it up to date",
    why="Each pipeline builds the same table again. They never do so at the same moment, because their tasks share "
    "a pool with one slot (`dbt-scheduler pools` makes it), but which of them wrote last is for the clock to say.",
    example="""\
models:
  - name: dim_customers
    config: {meta: {scheduler: {pipelines: [hourly, daily]}}}
""",
    fix="Leave the most frequent pipeline only: a daily task waits for the last hour of its day by itself.",
)

SCH110 = Rule(
    code="SCH110",
    severity=Severity.NOTE,
    summary="dbt tests that no DAG runs",
    message='no DAG runs {tests} of {data}; one is "{first}"',
    hint="give what is tested pipelines, or test it elsewhere",
    why="A test runs with the node that it looks at; a source that no task of the team fills has no such moment.",
    example="A `not_null` test on a column of a source that is loaded from outside.",
    fix="Test the staging model that reads the source instead, or ignore this note.",
)
SCH111 = Rule(
    code="SCH111",
    summary="A node reads something that no task can build",
    message='"{node}" reads {parent}, which is neither a node nor a source: what it needs is not known',
    hint="read the model behind it, or a source, instead",
    why="Tasks run after what they read. Models, seeds, snapshots and functions are tasks, and sources may be "
    "waited for. Behind anything else, such as a metric, lineage ends, and the node would run before its data is "
    "there.",
    example="""\
-- models/kpis.sql
select * from {{ metric("revenue") }}
""",
    fix="Let the node read the models of which the metric is made. If it is something that dbt has only lately, "
    "see whether a newer dbt-scheduler knows it.",
)
SCH115 = Rule(
    code="SCH115",
    severity=Severity.NOTE,
    summary="A default selector leaves the dbt package's checks out",
    message='the default selector "{selector}" leaves out what checks the project in `dbt compile`',
    hint="add {method: package, value: dbt_scheduler} to its union in selectors.yml",
    why="Without --select or --selector dbt renders only what the default selector names. `dbt compile` then finds "
    "nothing wrong with the scheduling, because it looks at none of it.",
    example="""\
# selectors.yml
selectors:
  - {name: only_mine, default: true, definition: {method: package, value: shop}}
""",
    fix="Name the package in the selector, or in CI run `dbt compile --select package:dbt_scheduler "
    "--no-populate-cache`, which no default selector changes.",
)
SCH113 = Rule(
    code="SCH113",
    summary="`dependencies` says two things of one asset",
    message='"{node}" names one asset under dependencies as {names}, and not with the same kind: {kinds}',
    hint="keep one of the names",
    why="An asset has several names: its own, with its team, and as the source table that the node reads. How "
    "the node waits for it can be only one of hard, soft and no_wait.",
    example="""\
models:
  - name: fct_orders   # reads source("shipping", "fct_shipments")
    config: {meta: {scheduler: {dependencies: {fct_shipments: no_wait, shipping.fct_shipments: hard}}}}
""",
    fix="Keep one of the names, with the kind that is meant.",
)
SCH114 = Rule(
    code="SCH114",
    severity=Severity.WARNING,
    summary="A key of `meta` that is nearly `scheduler` or `scheduler_defaults`",
    message='{nodes} the key "{key}" under meta, which dbt-scheduler does not read',
    hint='did you mean "{meant}"?',
    why="`meta` is open to every tool, so dbt takes any key. What stands under a misspelled one is left out silently: "
    "the nodes have no pipelines, and a DAG without tasks is removed.",
    example="""\
# dbt_project.yml
models:
  +meta: {schedulr_defaults: {pipelines: [daily]}}
""",
    fix="Correct the key. If it is another tool's, say so: `ignore: [{code: SCH114, on: its_key, because: ...}]`.",
)
SCH116 = Rule(
    code="SCH116",
    severity=Severity.WARNING,
    summary="Nothing of a team is scheduled",
    message="nothing is scheduled: none of {count} has pipelines, so the team has no DAG",
    hint="give them pipelines, for whole folders with +meta: {scheduler_defaults: {pipelines: [...]}} in dbt_project.yml",
    why="`compile` writes no DAG for such a team, and removes those that it had.",
    example="""\
# dbt_project.yml, after pipelines were taken out of the only section that had them
models:
  +materialized: table
""",
    fix="Give the nodes that shall run `pipelines`. If nothing shall run, leave the team out of the deployment.",
)
