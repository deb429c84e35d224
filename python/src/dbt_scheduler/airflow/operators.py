# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The operator that runs one command as a process on the worker, without a shell."""

import os
import re
import signal
import subprocess
import threading
import time
import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from airflow.sdk import BaseOperator, Context
from airflow.sdk._shared.secrets_masker import redact
from airflow.sdk.log import mask_secret

from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.forked import ForkedProcess, interrupt_with
from dbt_scheduler.airflow.task_selection import skip_unless_chosen

USUAL = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_*", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHON*"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("DO_NOT_TRACK", "DBT_SEND_ANONYMOUS_USAGE_STATS", "DBT_PROFILES_DIR"),
)
"""The variables that every program gets: what it needs to start, and nothing that is a secret.

Proxies are not among them, because their addresses often have a password.
"""

_AIRFLOWS_OWN = ("AIRFLOW_", "_AIRFLOW_")
"""They hold connections and keys: no prefix names them, only a full name does."""

TAIL_LINES = 20
"""How many of the last lines of its output a failure shows."""

SHORTEST_SECRET = 5
"""Airflow does not mask shorter ones, and warns about each."""

_PATIENCE_SECONDS = 1.0
"""Between two signals; all of them have to fit into the 5 s that Airflow gives a task before it kills the
worker."""

_WAYS_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
"""Gently first: on an interrupt, dbt cancels the queries that it has running in the warehouse."""


Process: TypeAlias = subprocess.Popen[bytes] | ForkedProcess
"""A command that runs."""


class Ended(msgspec.Struct, frozen=True):
    """How a command ended, its last lines, and where a text that was watched for came first."""

    program: str
    code: int
    tail: tuple[str, ...]
    seen: re.Match[str] | None

    def check(self) -> None:
        """AirflowException with the last lines, if the command failed."""
        if self.code:
            last = redact("\n".join(self.tail))
            raise AirflowException(f"{self.program} {_ending(self.code)}. Its last output:\n{last}")


class CommandOperator(BaseOperator):
    """Runs a program with its arguments and shows what it prints, line by line, in the task's log.

    All of its arguments are templates. Of the worker's own environment the program gets what is ``USUAL`` and
    what ``pass_env`` names, ``PREFIX_*`` for several; the rest may hold secrets, and is kept from it.
    ``cwd`` is relative to the folder of the DAG's file. A timeout, or Airflow's wish to stop the task, ends
    the program and everything that it started.
    """

    template_fields: Sequence[str] = ("command", "cwd", "env", "pass_env")
    template_fields_renderers = {"command": "json", "env": "json"}  # noqa: RUF012 - Airflow's own way to say it
    ui_color = "#ff694a"

    def __init__(
        self,
        *,
        command: list[str],
        cwd: str,
        env: dict[str, str] | None = None,
        pass_env: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.command = command
        self.cwd = cwd
        self.env = env or {}
        self.pass_env = list(pass_env)
        self._process: Process | None = None

    def pre_execute(self, context: Context) -> None:
        """Skip this where the run is of other tasks; a method, because Airflow stores the source of a hook."""
        skip_unless_chosen(context)

    def execute(self, context: Context) -> None:
        """Run the command; AirflowException with the last lines of its output when it fails."""
        self._run(self.command).check()

    def _run(
        self, command: list[str], watched: re.Pattern[str] | None = None, env: dict[str, str] | None = None
    ) -> "Ended":
        """Run a command in this task's folder to its end, and watch out for a text in its output.

        ``env`` is added to the usual environment, instead of this task's own.
        """
        environment = self._environment(self.env if env is None else env)
        mask_secret({name: value for name, value in environment.items() if len(value) >= SHORTEST_SECRET})
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        seen: re.Match[str] | None = None
        self._process = process = self._started(command, environment)
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
            for raw in process.stdout:
                line = raw.decode(errors="backslashreplace").rstrip()
                self.log.info("%s", line)
                tail.append(line)
                seen = seen or (watched.search(line) if watched else None)
            code = process.wait()
        except BaseException:  # also Airflow's timeout, which is not an Exception
            _stop(process)
            raise
        finally:
            if process.stdout:
                process.stdout.close()
        return Ended(command[0], code, tuple(tail), seen)

    def on_kill(self) -> None:
        """Called by a signal during ``execute``: stop the processes; ``execute`` then sees them end."""
        if self._process is not None and self._process.returncode is None:
            threading.Thread(target=_stop, args=(self._process,), daemon=True).start()

    def _environment(self, own: Mapping[str, str]) -> dict[str, str]:
        """What the program gets of the worker's environment, and its own."""
        return {**passed(os.environ, (*USUAL, *self.pass_env)), **own}

    @property
    def _folder(self) -> Path:
        return Path(self.dag.fileloc).parent / self.cwd

    def _started(self, command: list[str], environment: dict[str, str]) -> Process:
        self.log.info("Running %s in %s", command, self._folder)
        try:
            return self._start(command, environment)
        except OSError as error:
            raise AirflowException(
                f"could not start {command[0]} in {self._folder}: {error.strerror}"
            ) from None

    def _start(self, command: list[str], environment: dict[str, str]) -> Process:
        # A worker that is killed, such as for its memory, stops nothing itself: a retry would run beside this program.
        ends_with_worker = partial(interrupt_with, os.getpid())
        with warnings.catch_warnings():
            # Python 3.12 and later warn of locks that other threads hold; what runs before the program takes none.
            warnings.simplefilter("ignore", DeprecationWarning)
            return subprocess.Popen(  # noqa: S603 - no shell, and the command comes from the spec
                command,
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=ends_with_worker,  # noqa: PLW1509 - see above
            )


def passed(environment: Mapping[str, str], patterns: Sequence[str]) -> dict[str, str]:
    """The variables that these patterns name; those that are not set are not there."""
    return {
        name: value
        for name, value in environment.items()
        if any(_is_named(name, pattern) for pattern in patterns)
    }


def _is_named(name: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1]) and not name.startswith(_AIRFLOWS_OWN)
    return name == pattern


def _ending(code: int) -> str:
    if code > 0:
        return f"failed with exit code {code}"
    return f"was stopped by {signal.Signals(-code).name}"


def _stop(process: Process) -> None:
    """End the process's whole group, more and more firmly, until it is gone."""
    for way in _WAYS_TO_STOP:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            os.killpg(process.pid, way)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)  # raises when nobody of the group is left
                time.sleep(0.05)
        except ProcessLookupError:
            return
