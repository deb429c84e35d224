"""Rules about what happens while DAGs run: SCH5."""

from dbt_scheduler.findings.finding import Rule

SCH501 = Rule(
    code="SCH501",
    summary="Airflow does not answer as it should",
    message="{problem}",
    why="What Airflow knows of its runs, nobody else does.",
    example="""\
$ dbt-scheduler explain shop_daily marts.orders
airflow: SCH501 Airflow at http://airflow.example refuses the login "me": check login and password of the connection.
""",
    fix="See that the address and the login are right, and that the login may read DAG runs and task instances.",
)
