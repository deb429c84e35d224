"""What workers of Airflow 3.1 and 3.2 do, but ``run_task_in_process`` of these releases does not."""

from collections.abc import Callable
from functools import wraps
from typing import Any


def with_exception(finalize: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the exception to the context of the callbacks at the end of a task."""

    @wraps(finalize)
    def wrapper(ti: Any, state: Any, context: Any, log: Any, error: Any = None) -> None:
        context["exception"] = error
        finalize(ti, state, context, log, error)

    return wrapper
