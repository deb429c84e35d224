"""Alert transports (``alerting.channel`` in platform.yaml): one module each, named after the transport."""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from dbt_scheduler.airflow.alerts.messages import Message
from dbt_scheduler.plugin_folder import plugins


class NotSentError(Exception):
    """An alert cannot be sent; the message has the reason and the fix, without secrets."""


class Transport(Protocol):
    """A transport that is ready to send."""

    def send(self, message: Message) -> None:
        """Send, or raise NotSentError. Runs in its own thread, without access to Airflow."""


class TransportType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of transport.

    ``open`` takes the Airflow connection and the team's channel; it may raise ImportError if ``requirement``, which is
    in this package's ``extra``, is not installed. ``needs`` is what the platform team provides.
    """

    description: str
    needs: str
    open: Callable[[str, str | None], Transport]
    requirement: str | None = None
    extra: str | None = None


def transports() -> Mapping[str, TransportType]:
    """All transports by name."""
    return plugins(__name__, TransportType)


def open_transport(transport: str, connection: str, channel: str | None) -> Transport:
    """Open a transport to a team's channel. Raises NotSentError if it is unknown or cannot be used."""
    known = transports()
    if transport not in known:
        raise NotSentError(
            f"unknown alert transport {transport!r}; available transports: {', '.join(known)}."
        )
    try:
        return known[transport].open(connection, channel)
    except ImportError:
        raise NotSentError(f"Install {known[transport].requirement} in Airflow's environment.") from None
