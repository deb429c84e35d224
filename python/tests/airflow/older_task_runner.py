"""What a worker of Airflow 3.1 and 3.2 does and their ``run_task_in_process`` does not."""

from collections.abc import Callable
from functools import wraps
from typing import Any


def with_exception(finalize: Callable[..., Any]) -> Callable[..., Any]:
    """The end of a task, whose callbacks find its exception in the context."""

    @wraps(finalize)
    def wrapper(ti: Any, state: Any, context: Any, log: Any, error: Any = None) -> None:
        context["exception"] = error
        finalize(ti, state, context, log, error)

    return wrapper
