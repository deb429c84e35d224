"""The means by which alerts reach people: one module each, named as in platform.yaml with ``-`` as ``_``.

Such a module has a function ``open_transport(connection, channel)`` that returns a Transport. Its name goes into
``schemas/platform.schema.json`` too, so that a misspelled one is found before anything is deployed.
"""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from dbt_scheduler.airflow.alerts.messages import Message


class NotSentError(Exception):
    """An alert cannot be sent; the message says why and what to do, without secrets."""


class Transport(Protocol):
    """One means, ready to send."""

    def send(self, message: Message) -> None:
        """Send, or raise NotSentError. Runs in a thread of its own, without access to Airflow."""


def transport_names() -> list[str]:
    """The means there are."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem.replace("_", "-") for file in files if file.stem != "__init__")


def open_transport(transport: str, connection: str, channel: str | None) -> Transport:
    """The channel of a team; NotSentError when there is no such means, or it cannot be used."""
    if transport not in transport_names():
        raise NotSentError(
            f"there is no way {transport!r} to send alerts, only {', '.join(transport_names())}."
        )
    module = import_module(f"{__name__}.{transport.replace('-', '_')}")
    return cast("Transport", module.open_transport(connection, channel))
