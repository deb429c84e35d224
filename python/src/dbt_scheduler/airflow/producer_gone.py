"""The failure of a sensor whose asset is no longer produced."""

from dbt_scheduler.airflow.compat import AirflowFailException


class ProducerGoneError(AirflowFailException):
    """The asset is no longer produced, so neither waiting nor retrying helps."""
