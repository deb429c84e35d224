"""Runs a function in a fork of this process, with the interface of ``subprocess.Popen``."""

import ctypes
import gc
import io
import logging
import os
import signal
import site
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing import util
from pathlib import Path
from typing import IO, NoReturn

_PR_SET_PDEATHSIG = 1
"""prctl(2)"""

_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
"""Looked up before a fork: otherwise the child may wait forever for a lock of the loader that another thread holds."""

_STREAMS_OF_PARENT: list[object] = []
"""Keeps the parent's streams referenced in the child, see ``_redirect``."""


class ForkedProcess:
    """Runs a function in a child process, in a folder and with an environment; its output is ``stdout``.

    The child has the parent's imports, but not its open files, sockets and pipes; its changes do not affect the parent.
    Like Airflow's task processes, it leads a session, so that a signal reaches everything that it starts.
    """

    def __init__(self, function: Callable[[], int], cwd: Path, env: Mapping[str, str]) -> None:
        """Raises OSError if the folder does not exist, or no process can be created."""
        os.stat(cwd)  # noqa: PTH116 - for its error
        reader, writer = os.pipe()
        self.returncode: int | None = None
        self._waiting = threading.Lock()
        parent = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            os.close(reader)
            _run(partial(_run_with, parent, function), cwd, env, writer)
        os.close(writer)
        self.stdout: IO[bytes] | None = os.fdopen(reader, "rb")

    def poll(self) -> int | None:
        """The exit code; None while it runs, or while another thread waits for it."""
        if self.returncode is None and self._waiting.acquire(blocking=False):
            try:
                self._reap(os.WNOHANG)
            finally:
                self._waiting.release()
        return self.returncode

    def wait(self) -> int:
        """Wait for the end of the process; returns its exit code."""
        with self._waiting:
            self._reap(0)
        assert self.returncode is not None  # noqa: S101 - for the type checker
        return self.returncode

    def _reap(self, options: int) -> None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)


def _run(function: Callable[[], int], cwd: Path, env: Mapping[str, str], output: int) -> NoReturn:
    """Run the child; never returns into the parent's code."""
    code = 1
    gc.freeze()  # a collection would write to all objects of the parent, and so copy its memory
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGUSR2):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _redirect(output)
        os.environ.clear()
        os.environ.update(env)
        os.chdir(cwd)
        sys.path[:] = _path_of_programs(env)
        code = function()
    except BaseException:  # noqa: BLE001 - printed as at the end of any Python program
        traceback.print_exc()
    finally:
        try:
            # dbt's locks are files, which would remain otherwise.
            util._run_finalizers()  # type: ignore[attr-defined]
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _run_with(parent: int, function: Callable[[], int]) -> int:
    interrupt_with(parent)
    return function()


def interrupt_with(parent: int) -> None:
    """Interrupt this process, and the program that it executes, when the parent process ends; on Linux only.

    For Linux, the parent is the thread that forked: it must be one that ends with its process. Raises KeyboardInterrupt
    if the parent has already ended.
    """
    if _PRCTL:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:  # it ended before the call
            raise KeyboardInterrupt


def _path_of_programs(env: Mapping[str, str]) -> list[str]:
    """The module search path of a program in this environment, without folders that Airflow adds, such as the DAGs'."""
    own = {Path(sys.prefix), Path(sys.base_prefix)}
    for packages in site.getsitepackages():
        for file in Path(packages).glob("*.pth"):
            own.update(map(Path, file.read_text("utf-8", "replace").splitlines()))
    named = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path]
    return named + [
        path
        for path in sys.path
        if path not in named and not own.isdisjoint([Path(path), *Path(path).parents])
    ]


def _redirect(output: int) -> None:
    """Redirect input to nothing and all output to the parent, including that of the parent's loggers."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    _let_go_of_files()
    # In an Airflow task, the parent's streams own the file descriptors 0, 1 and 2: without a reference, they would be
    # closed here, and print() would write into the next file that is opened, such as a database.
    _STREAMS_OF_PARENT.extend((sys.stdin, sys.stdout, sys.stderr))
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), line_buffering=True, write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), line_buffering=True, write_through=True)
    logging.root.handlers.clear()
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False  # Airflow's logging configuration disables existing loggers


def _let_go_of_files() -> None:
    """Replace all open file descriptors of the parent by the null device: Airflow's sockets, its database.

    They are not closed, because objects of the parent still have their numbers, and would close new files with these.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not paths
        number = int(name)
        if number not in (1, 2, nothing):
            os.dup2(nothing, number, inheritable=number == 0)
    os.close(nothing)
