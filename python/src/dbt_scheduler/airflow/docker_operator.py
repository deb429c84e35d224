# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The operators that run a task's command, or dbt, in a container of a Docker engine."""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from airflow.providers.docker.exceptions import DockerContainerFailedException
from airflow.providers.docker.operators.docker import DockerOperator
from airflow.sdk import BaseHook, Context
from airflow.sdk.log import mask_secret
from docker.errors import NotFound
from requests import RequestException

from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.containers.docker_client import DockerClient, content
from dbt_scheduler.airflow.dbt_tasks.image_files import EXCHANGED, FOLDER, Files, archive, exchanged_files
from dbt_scheduler.airflow.dbt_tasks.plugins import PLUGINS
from dbt_scheduler.airflow.dbt_tasks.runs import DBT_FIELDS, DbtRuns
from dbt_scheduler.airflow.dbt_tasks.slices import FROM_SLICES, RUNNER, runs_nodes, with_slice_of
from dbt_scheduler.airflow.operators import SHORTEST_SECRET, TAIL_LINES, Ended, passed
from dbt_scheduler.airflow.task_digest import task_digest
from dbt_scheduler.airflow.task_selection import skip_unless_chosen

_PATIENCE_SECONDS = 3
"""The time from the interrupt, on which dbt cancels its queries, to the kill; Airflow allows 5 s in total."""

_WITH_PLUGINS = f'export PYTHONPATH="{FOLDER}/{PLUGINS.name}${{PYTHONPATH:+:$PYTHONPATH}}"; '


class DockerCommandOperator(DockerOperator):
    """Runs a command in a container, which is removed with the task, also after a timeout or when the task is stopped.

    The container gets the variables of the worker in ``pass_env`` (``PREFIX_*`` for several), and as ``secrets`` the
    passwords of Airflow connections. Without a command, it runs that of the image.
    """

    command: Any

    template_fields: Sequence[str] = (
        *("image", "command", "env", "pass_env", "secrets", "labels"),
        *("mem_limit", "network_mode", "user", "docker_conn_id"),
    )
    template_ext: Sequence[str] = ()
    template_fields_renderers = {"command": "json", "env": "json"}  # noqa: RUF012 - as in Airflow

    def __init__(
        self,
        *,
        command: list[str],
        env: dict[str, str] | None = None,
        pass_env: Sequence[str] = (),
        secrets: dict[str, str] | None = None,
        cpus: float | None = None,
        **kwargs: Any,
    ) -> None:
        # Mounts no folder of the worker: the engine may be on another machine.
        super().__init__(command=command, mount_tmp_dir=False, xcom_all=True, **kwargs)
        self.env = env or {}
        self.pass_env = list(pass_env)
        self.secrets = secrets or {}
        self.nano_cpus = None if cpus is None else round(cpus * 1_000_000_000)
        self._stopped = False
        self._files = Files()

    def pre_execute(self, context: Context) -> None:
        """Skip the task unless the run includes it; otherwise name the container after it."""
        skip_unless_chosen(context)
        self.container_name = _container_name(context)

    def execute(self, context: Context) -> None:
        """Run the command. Raises AirflowException with the last lines of its output if it fails."""
        self._run(self.command).check()

    def on_kill(self) -> None:
        """Called by a signal during ``execute``: remove the container, and start no other."""
        self._stopped = True
        self._end()

    @property
    def cli(self) -> Any:
        """The engine's client, extended by what DockerOperator has no argument for."""
        return DockerClient(super().cli, self)

    def before_start(self) -> None:
        """Copy the task's files into its container. Raises AirflowException if the task has been stopped."""
        self._require_going_on()
        if self._files.put:
            self.cli.put_archive(self.container_name, "/", archive(self._files.put))

    def _run(
        self,
        command: list[str],
        watched: re.Pattern[str] | None = None,
        env: dict[str, str] | None = None,
        files: Files = Files(),  # noqa: B008 - it is frozen
    ) -> Ended:
        """Run a command in a container until it finishes, and search its output for a pattern."""
        own, self.command = self.command, command[1:]
        self.entrypoint, self._files = command[:1] or None, files
        self.environment = {**self._from_the_worker(), **(self.env if env is None else env)}
        try:
            self._remove()  # a container of an earlier try, whose worker was killed
            code, lines = self._container()
            self._take(files.take)
        except RequestException as error:
            self._require_going_on()
            said = getattr(error, "explanation", None) or error
            raise AirflowException(f"The container engine could not run {self.image}: {said}") from None
        finally:
            self.command = own
            self._end()
        seen = next((found for line in lines if watched and (found := watched.search(line))), None)
        program = command[0] if command else f"The command of {self.image}"
        return Ended(program, code, tuple(lines[-TAIL_LINES:]), seen)

    def _container(self) -> tuple[int, list[str]]:
        """Run the container as DockerOperator does; returns its exit code and the lines of its output."""
        try:
            lines: Any = super().execute({})
        except DockerContainerFailedException as error:
            self._require_going_on()
            state = self.cli.inspect_container(self.container_name)["State"]
            if state.get("OOMKilled"):
                self.log.error(  # noqa: TRY400 - the traceback is not helpful
                    "It was killed because it used more memory than %s.", self.mem_limit
                )
            return int(state["ExitCode"]), [str(line) for line in error.logs or ()]
        return 0, lines or []

    def _require_going_on(self) -> None:
        if self._stopped:
            raise AirflowException("The task was stopped, and its container was stopped too.")

    def _from_the_worker(self) -> dict[str, str]:
        found = passed(os.environ, self.pass_env)
        for name, connection in self.secrets.items():
            password = BaseHook.get_connection(connection).password
            if not password:
                raise AirflowException(f'{name}: the Airflow connection "{connection}" has no password.')
            mask_secret(password)
            found[name] = password
        mask_secret({name: value for name, value in found.items() if len(value) >= SHORTEST_SECRET})
        return found

    def _take(self, files: Mapping[str, Path]) -> None:
        for inside, path in files.items():
            with suppress(NotFound):
                chunks, _ = self.cli.get_archive(self.container_name, inside)
                path.write_bytes(content(chunks, inside))

    def _end(self) -> None:
        if not self.hook.client_created:
            return
        try:
            self._remove()
        except RequestException as error:
            self.log.warning("The container %s may still be running: %s", self.container_name, error)

    def _remove(self) -> None:
        """Stop the container if it exists, first with an interrupt, and remove it."""
        with suppress(NotFound):
            self.cli.stop(self.container_name, timeout=_PATIENCE_SECONDS)
            self.cli.remove_container(self.container_name, v=True, force=True)


class DockerDbtOperator(DbtRuns, DockerCommandOperator):
    """Runs dbt in a container, whose image has the project in its working directory; from slices, if it has some."""

    command: Any
    template_fields: Sequence[str] = (*DockerCommandOperator.template_fields, *DBT_FIELDS)

    def _run(
        self,
        command: list[str],
        watched: re.Pattern[str] | None = None,
        env: dict[str, str] | None = None,
        files: Files = Files(),  # noqa: B008 - it is frozen
    ) -> Ended:
        own = dict(self.env if env is None else env)
        script, words = 'exec "$@"', command
        if runs_nodes(command):
            script, words = FROM_SLICES + script, with_slice_of(self.command, command)
        if exchanged := {name: Path(own[name]) for name in EXCHANGED if name in own}:
            script = _WITH_PLUGINS + script
            del own["PYTHONPATH"]  # a path of the worker
            own |= {name: f"{FOLDER}/{path.name}" for name, path in exchanged.items()}
            files = exchanged_files(exchanged)
        runner = str(PurePosixPath(command[0]).with_name(RUNNER))
        ended = super()._run(["sh", "-c", script, runner, *words], watched, own, files)
        return msgspec.structs.replace(ended, program=command[0])


def _container_name(context: Context) -> str:
    """The same name in each try, so that no two tries run at once; unique among several Airflows."""
    shown = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{context['ti'].dag_id}.{context['ti'].task_id}")
    return f"dbt-scheduler.{shown[:100]}.{task_digest(context)}"
