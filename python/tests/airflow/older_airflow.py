"""Features that older releases of Airflow lack, by name; ``docs/compatibility.md`` describes the effects.

A test of a feature checks for it here, and otherwise asserts the effect.
"""

from airflow_names import AIRFLOW

_SINCE = {
    "marking task instances of several runs in one request": (3, 2),
    "task groups in the API": (3, 3),
    "the task state store": (3, 3),
}


def airflow_has(what: str) -> bool:
    """Whether the release of Airflow that the tests run with has the feature."""
    return _SINCE[what] <= AIRFLOW
