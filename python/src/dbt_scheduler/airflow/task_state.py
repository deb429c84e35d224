"""Values that a task instance keeps from one start to the next, within its run.

Airflow 3.3 has a task state store for each task instance, which outlives retries and clearing, unlike XComs, which are
deleted at each start. Before 3.3, nothing is kept.
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
    """Keep a value until it is deleted, or until Airflow removes old state."""
    if store := context.get("task_state_store"):
        store.set(_PREFIX + key, value)


def forget(context: Mapping[str, Any], key: str) -> None:
    """Delete the value of a key."""
    if store := context.get("task_state_store"):
        store.delete(_PREFIX + key)
