"""What a task instance remembers from one start to the next, within its run.

Airflow 3.3 keeps a task state store for each task instance, which outlives retries and clearing; XComs do
not, a start deletes them. Before 3.3 there is no such place, and nothing is remembered.
"""

from collections.abc import Mapping
from typing import Any

_PREFIX = "dbt_scheduler."


def recall(context: Mapping[str, Any], key: str) -> str | None:
    """The value of a key; None if not set."""
    store = context.get("task_state_store")
    value = None if store is None else store.get(_PREFIX + key)
    return None if value is None else str(value)


def remember(context: Mapping[str, Any], key: str, value: str) -> None:
    """Keep a value until it is forgotten, or until Airflow cleans up its old state."""
    if store := context.get("task_state_store"):
        store.set(_PREFIX + key, value)


def forget(context: Mapping[str, Any], key: str) -> None:
    """Delete the value of a key."""
    if store := context.get("task_state_store"):
        store.delete(_PREFIX + key)
