"""The means by which alerts reach people: one module each, named as in platform.yaml with ``-`` as ``_``.

Such a module has a function ``open_channel(connection, channel)`` that returns a Channel. Its name goes into
``schemas/platform.schema.json`` too, so that a misspelled one is found before anything is deployed.
"""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from dbt_scheduler.airflow.alerts.messages import Message


class NotSentError(Exception):
    """An alert cannot be sent; the message says why and what to do, without secrets."""


class Channel(Protocol):
    """One means, ready to send."""

    def send(self, message: Message) -> None:
        """Send, or raise NotSentError. Runs in a thread of its own, without access to Airflow."""


def names() -> list[str]:
    """The means there are."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem.replace("_", "-") for file in files if file.stem != "__init__")


def open_channel(means: str, connection: str, channel: str | None) -> Channel:
    """The channel of a team; NotSentError when there is no such means, or it cannot be used."""
    if means not in names():
        raise NotSentError(f"there is no way {means!r} to send alerts, only {', '.join(names())}.")
    module = import_module(f"{__name__}.{means.replace('-', '_')}")
    return cast("Channel", module.open_channel(connection, channel))
