"""dbt-scheduler: the DAG generator and asset registry for many dbt teams on one Airflow.

dbt imports every top-level module whose name starts with ``dbt_`` when it starts, so this file imports
nothing.
"""

__version__ = "0.1.0"
