"""Alerts in the task's own log: the default, without any setup."""

import logging

from dbt_scheduler.airflow.alerts.messages import Message, plain
from dbt_scheduler.airflow.alerts.transports import TransportType

_log = logging.getLogger(__name__)


class LogTransport:
    """Logs the text of the alert."""

    def __init__(self, channel: str | None) -> None:
        self._channel = channel

    def send(self, message: Message) -> None:
        """Log it as one entry."""
        _log.warning("Alert for %s:\n%s", self._channel or "no channel", plain(message))


PLUGIN = TransportType(
    description="the task's own log", needs="nothing", open=lambda connection, channel: LogTransport(channel)
)
