"""SCH34: rules about an ``external_assets.yaml``."""

from dbt_scheduler.findings.finding import Rule

SCH341 = Rule(
    code="SCH341",
    can_be_ignored=False,
    summary="`external_assets.yaml` does not match the schema",
    message="{problem}",
    why="Only this file defines which task of a hand-written DAG produces an asset. A misspelled key would "
    "otherwise be ignored silently, and consumers would wait for the wrong run, or for nothing.",
    example="""\
# external_assets.yaml
version: 1
team: legacy
assets:
  - {asset: raw_orders, dag: load_orders, task_id: load, pipeline: daily}   # the key is dag_id
""",
    fix="Correct the key or value named in the message. Editors that support JSON Schema (`# "
    "yaml-language-server: $schema=...` as the first line) complete keys and mark mistakes as you type.",
)
SCH342 = Rule(
    code="SCH342",
    can_be_ignored=False,
    summary="An external asset has no schedule, or two",
    message='asset "{asset}" has {problem}',
    hint="set either a `pipeline` of the platform or the `schedule` of its DAG",
    why="The schedules of the producer and the consumer determine which run the consumer waits for. "
    "Airflow only knows when the DAG runs, not which period a run covers.",
    example="""\
# external_assets.yaml
assets:
  - {asset: raw_orders, dag_id: load_orders, task_id: load}
""",
    fix="Set `pipeline: daily` if the DAG runs on that pipeline's schedule; otherwise set `schedule` with "
    "its cron, timezone and grain.",
)
SCH343 = Rule(
    code="SCH343",
    can_be_ignored=False,
    summary="The schedule of an external asset is not supported",
    message='asset "{asset}": {problem}',
    why="A run waits for the run of another DAG that covers the matching period. This requires a schedule "
    "that runs exactly once in each period of its grain, and never at a time that a daylight saving "
    "change skips.",
    example="""\
# external_assets.yaml
assets:
  - asset: raw_orders
    dag_id: load_orders
    task_id: load
    schedule: {cron: "0 6 * * 1-5", grain: day}   # no run covers a Saturday
""",
    fix="Correct the value named in the message. Without a `grain`, a run covers the time since the "
    "previous run.",
)
SCH344 = Rule(
    code="SCH344",
    can_be_ignored=False,
    summary="A hand-written DAG has two schedules",
    message='DAG "{dag_id}" has a different schedule here than on line {other_line}',
    hint="set the same `pipeline` or `schedule` for all assets of the DAG",
    why="A DAG has one schedule. With two, the assets of one run would belong to different periods.",
    example="""\
# external_assets.yaml
assets:
  - {asset: raw_orders, dag_id: load_shop, task_id: orders, pipeline: daily}
  - {asset: raw_items, dag_id: load_shop, task_id: items, pipeline: hourly}
""",
    fix="Correct the wrong schedule.",
)
SCH345 = Rule(
    code="SCH345",
    can_be_ignored=False,
    summary="The relation of an external asset belongs to another asset",
    message='asset "{asset}" has the relation {relation}, which belongs to the asset "{other}" of team {team}',
    hint="remove one of the two, or correct the relation; ask {contact} about the other asset",
    why="A table has one producer. With two, a source that reads the table would match both assets, and it "
    "would be unclear which task to wait for.",
    example="""\
# external_assets.yaml, while the dbt project of team shipping builds the same table
assets:
  - asset: shipments
    dag_id: load_shipments
    task_id: load
    pipeline: daily
    relation: warehouse.shipping.fct_shipments
""",
    fix="If a dbt project now builds the table, remove the external asset; its consumers then declare the "
    "other team's asset.",
)
