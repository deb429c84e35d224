"""SCH34: what can be wrong in an ``external_assets.yaml``."""

from dbt_scheduler.findings.finding import Rule

SCH341 = Rule(
    code="SCH341",
    can_be_ignored=False,
    summary="`external_assets.yaml` has the wrong shape",
    message="{problem}",
    why="Nobody but this file says which task of a hand-written DAG makes an asset. A key that is misspelled would be "
    "left out silently, and others would wait for another run, or for nothing.",
    example="""\
# external_assets.yaml
version: 1
team: legacy
assets:
  - {asset: raw_orders, dag: load_orders, task_id: load, pipeline: daily}   # the key is dag_id
""",
    fix="Correct the key or the value that the message names. An editor that knows the schema (`# yaml-"
    "language-server: $schema=...` as the first line) completes keys and marks mistakes as you type.",
)
SCH342 = Rule(
    code="SCH342",
    can_be_ignored=False,
    summary="An external asset without a schedule, or with two",
    message='asset "{asset}" has {problem}',
    hint="give it a `pipeline` of the platform, or the `schedule` of its DAG",
    why="Which run of the DAG a consumer waits for follows from both schedules. Airflow alone cannot tell: it knows "
    "when the DAG runs, and not which period a run covers.",
    example="""\
# external_assets.yaml
assets:
  - {asset: raw_orders, dag_id: load_orders, task_id: load}
""",
    fix="Write `pipeline: daily` where the DAG runs on that pipeline's schedule, else `schedule` with its cron, "
    "timezone and grain.",
)
SCH343 = Rule(
    code="SCH343",
    can_be_ignored=False,
    summary="The schedule of an external asset cannot be used",
    message='asset "{asset}": {problem}',
    why="A run waits for the run of another DAG that covers the right period. That needs a schedule that ticks "
    "exactly once in each period of its grain, and never at a time that a clock change leaves out.",
    example="""\
# external_assets.yaml
assets:
  - asset: raw_orders
    dag_id: load_orders
    task_id: load
    schedule: {cron: "0 6 * * 1-5", grain: day}   # no run covers a Saturday
""",
    fix="Change what the message names. Without a `grain` a run covers the time since the tick before.",
)
SCH344 = Rule(
    code="SCH344",
    can_be_ignored=False,
    summary="Two schedules for one hand-written DAG",
    message='DAG "{dag_id}" has another schedule here than in line {other_line}',
    hint="give all assets of the DAG the same `pipeline` or `schedule`",
    why="A DAG has one schedule: with two, the assets of one run would count for different periods.",
    example="""\
# external_assets.yaml
assets:
  - {asset: raw_orders, dag_id: load_shop, task_id: orders, pipeline: daily}
  - {asset: raw_items, dag_id: load_shop, task_id: items, pipeline: hourly}
""",
    fix="Correct the one that is wrong.",
)
SCH345 = Rule(
    code="SCH345",
    can_be_ignored=False,
    summary="An external asset that is another asset already",
    message='asset "{asset}" lies at {relation}, which is "{other}" of team {team}',
    hint="remove one of the two, or correct the relation; {contact} knows of the other",
    why="A table has one maker. With two, a source of it would be either asset, and nobody could say which task to wait "
    "for.",
    example="""\
# external_assets.yaml, while the dbt project of team shipping builds the same table
assets:
  - asset: shipments
    dag_id: load_shipments
    task_id: load
    pipeline: daily
    relation: warehouse.shipping.fct_shipments
""",
    fix="Once a dbt project builds the table, remove the asset here: its readers then name the other team's.",
)
