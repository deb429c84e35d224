"""SCH5: rules about what happens while DAGs run."""

from dbt_scheduler.findings.finding import Rule

SCH501 = Rule(
    code="SCH501",
    summary="A request to Airflow failed",
    message="{problem}",
    why="The state of DAG runs is known only to Airflow.",
    example="""\
$ dbt-scheduler explain shop_daily marts.orders
airflow: SCH501 Airflow at http://airflow.example rejected the login "me": check the login and password of the connection.
""",
    fix="Check the address and the login, and that the login may read DAG runs and task instances.",
)
