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
"""The variables that every program gets: those that it needs to start, and no secrets.

Proxies are not included, because their URLs often contain a password.
"""

_AIRFLOWS_OWN = ("AIRFLOW_", "_AIRFLOW_")
"""Prefixes of variables with connections and keys: only their full names match, not a pattern."""

TAIL_LINES = 20
"""The number of last lines of output in the message of a failure."""

SHORTEST_SECRET = 5
"""Airflow does not mask shorter values, and warns about each."""

_PATIENCE_SECONDS = 1.0
"""The time between two signals; in total, Airflow allows a task 5 s before it kills the worker."""

_WAYS_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
"""The gentlest first: on an interrupt, dbt cancels its running queries in the warehouse."""


Process: TypeAlias = subprocess.Popen[bytes] | ForkedProcess
"""A running command."""


class Ended(msgspec.Struct, frozen=True):
    """The result of a command: its exit code, its last lines, and the first match of the watched pattern."""

    program: str
    code: int
    tail: tuple[str, ...]
    seen: re.Match[str] | None

    def check(self) -> None:
        """Raise AirflowException with the last lines, if the command failed."""
        if self.code:
            last = redact("\n".join(self.tail))
            raise AirflowException(f"{self.program} {_ending(self.code)}. Its last output:\n{last}")


class CommandOperator(BaseOperator):
    """Runs a program with its arguments, and logs its output line by line.

    All arguments are templates. Of the worker's environment, the program gets ``USUAL`` and the variables in
    ``pass_env`` (``PREFIX_*`` for several), because others may be secrets. ``cwd`` is relative to the folder of the DAG
    file. A timeout, or stopping the task, ends the program and everything that it started.
    """

    template_fields: Sequence[str] = ("command", "cwd", "env", "pass_env")
    template_fields_renderers = {"command": "json", "env": "json"}  # noqa: RUF012 - as in Airflow
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
        """Skip the task unless the run includes it. A method, because Airflow stores the source of a hook."""
        skip_unless_chosen(context)

    def execute(self, context: Context) -> None:
        """Run the command. Raises AirflowException with the last lines of its output if it fails."""
        self._run(self.command).check()

    def _run(
        self, command: list[str], watched: re.Pattern[str] | None = None, env: dict[str, str] | None = None
    ) -> "Ended":
        """Run a command in the task's folder until it finishes, and search its output for a pattern.

        ``env`` replaces the task's own variables; both are added to those from the worker.
        """
        environment = self._environment(self.env if env is None else env)
        mask_secret({name: value for name, value in environment.items() if len(value) >= SHORTEST_SECRET})
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        seen: re.Match[str] | None = None
        self._process = process = self._started(command, environment)
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker
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
        """The program's environment: variables of the worker, and its own."""
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
        # A worker that is killed, such as for its memory, stops nothing: a retry would run beside this program.
        ends_with_worker = partial(interrupt_with, os.getpid())
        with warnings.catch_warnings():
            # Python 3.12 and later warn about locks of other threads; the code before exec takes none.
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
    """The variables that match these patterns; unset ones are left out."""
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
    """Stop the whole process group with increasingly strong signals, until it has ended."""
    for way in _WAYS_TO_STOP:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            os.killpg(process.pid, way)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)  # raises if no process of the group is left
                time.sleep(0.05)
        except ProcessLookupError:
            return
