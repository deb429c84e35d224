"""The failure of a sensor whose asset nobody makes any more."""

from dbt_scheduler.airflow.compat import AirflowFailException


class ProducerGoneError(AirflowFailException):
    """Nobody makes the asset any more: waiting for it would be in vain, and so would trying again."""
