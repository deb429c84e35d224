"""Makes dbt skip the project's own hooks or run only them, and passes on dbt's results."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from airflow.sdk._shared.secrets_masker import redact

from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.dbt_tasks.plugins import PLUGINS, on_path

_KEY = "dbt_results"


class Exchange(msgspec.Struct, frozen=True):
    """The file that the plugin writes dbt's results to, and the environment for dbt."""

    file: Path
    env: dict[str, str]

    def written(self) -> list[dict[str, Any]] | None:
        """The results of dbt; None if it ended before it had any, or does not have the plugin."""
        content = self.file.read_text("utf-8") if self.file.exists() else ""
        done: list[dict[str, Any]] | None = json.loads(content) if content else None
        return done


@contextmanager
def exchange(hooks: str, results: Sequence[Any], env: Mapping[str, str]) -> Iterator[Exchange]:
    """For one run of dbt with only this kind of the project's hooks, or ``none``; they get ``results``."""
    with tempfile.TemporaryDirectory() as folder:
        given, file = Path(folder, "given.json"), Path(folder, "results.json")
        given.write_text(json.dumps(results), "utf-8")
        wanted = {
            **on_path(env),
            "DBT_SCHEDULER_HOOKS": hooks,
            "DBT_SCHEDULER_GIVEN_RESULTS": str(given),
            "DBT_SCHEDULER_RESULTS": str(file),
        }
        yield Exchange(file, {**env, **wanted})


def keep(context: Mapping[str, Any], results: Sequence[dict[str, Any]]) -> None:
    """Keep dbt's results for the run's last task, without the secrets that Airflow masks."""
    safe = [{**each, "message": redact(each["message"])} for each in results]
    context["ti"].xcom_push(_KEY, json.dumps(safe))


def kept(context: Mapping[str, Any], task_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The results that the last tries of these tasks kept in this run; tasks that did not run have none."""
    found = context["ti"].xcom_pull(task_ids=list(task_ids), key=_KEY) if task_ids else []
    return [result for text in found if text for result in json.loads(text)]


def require_plugin(program: str) -> None:
    """Raise AirflowException: dbt succeeded, but wrote no results, because it loads no plugins or is not Python."""
    raise AirflowException(
        f"{program} did not load the plugin in {PLUGINS}, so the project's on-run-start and on-run-end "
        "hooks, which should run once per DAG run, ran in this task. Use dbt Core with a "
        "Python that reads PYTHONPATH, or set `project_hooks: every_task` in platform.yaml or scheduler.yaml."
    )
