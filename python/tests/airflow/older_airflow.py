"""What older releases of Airflow lack, by name; ``docs/compatibility.md`` says what follows.

A test of what is otherwise there asks for it, and asserts what follows.
"""

from airflow_names import AIRFLOW

_SINCE = {
    "marking task instances of several runs in one request": (3, 2),
    "task groups in the API": (3, 3),
    "the task state store": (3, 3),
}


def airflow_has(what: str) -> bool:
    """Whether the release of Airflow that the tests run with has it."""
    return _SINCE[what] <= AIRFLOW
