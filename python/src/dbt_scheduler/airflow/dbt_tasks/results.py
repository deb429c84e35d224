# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""Shows dbt's results after a task, successful or not, in the task's log and in an XCom."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from airflow.sdk._shared.secrets_masker import redact

from dbt_scheduler.airflow.compat import AirflowRuntimeError
from dbt_scheduler.airflow.dbt_tasks.outcome import KEY, Result, outcome
from dbt_scheduler.airflow.dbt_tasks.outcome_lines import lines
from dbt_scheduler.airflow.dbt_tasks.plugins import PLUGINS, on_path

_FILE = "DBT_SCHEDULER_OUTCOME"
_MOST_BYTES = 20_000_000

_NOT_LOADED = (
    f"dbt's results are unknown: dbt did not load the plugin in {PLUGINS}. "
    "The plugin requires dbt Core and a Python that reads PYTHONPATH."
)
_NOT_STARTED = "dbt exited before any node had a result."


@contextmanager
def shown_outcome(context: Mapping[str, Any], env: Mapping[str, str], log: Any) -> Iterator[dict[str, str]]:
    """The environment for one run of dbt, whose results are shown afterwards, also if it failed.

    Each run has a file of its own, so that no results of another run are shown.
    """
    with tempfile.TemporaryDirectory(prefix="dbt-scheduler-") as folder:
        file = Path(folder, "outcome.json")
        succeeded = False
        try:
            yield {**env, **on_path(env), _FILE: str(file)}
            succeeded = True
        finally:
            try:
                results = _read(file)
            except FileNotFoundError:
                log.warning(_NOT_LOADED if succeeded else _NOT_STARTED)
            except (OSError, ValueError) as error:
                log.warning("dbt's results are unknown: they could not be read (%s).", error)
            else:
                _show(context, results, log)


def _show(context: Mapping[str, Any], results: list[Result], log: Any) -> None:
    if not results:
        log.warning(_NOT_STARTED)
        return
    made = outcome(results)
    for level, text in lines(results, made):
        log.log(level, "%s", text)
    try:
        context["ti"].xcom_push(KEY, json.loads(msgspec.json.encode(made)))
    except AirflowRuntimeError as error:
        log.warning("dbt's results could not be stored in Airflow: %s", error)


def _read(file: Path) -> list[Result]:
    """The results of dbt, without secrets that Airflow masks. Raises OSError, and ValueError if the file is invalid."""
    if file.stat().st_size > _MOST_BYTES:
        raise ValueError("too large")
    results = msgspec.json.decode(file.read_bytes(), type=list[Result])
    return [
        msgspec.structs.replace(
            each,
            **{name: redact(getattr(each, name)) for name in ("name", "message", "relation", "code")},
        )
        for each in results
    ]
