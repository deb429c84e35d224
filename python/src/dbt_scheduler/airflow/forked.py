"""A child of this process that runs one of its functions, with the interface of ``subprocess.Popen``."""

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
"""Looked up before a fork: a lock of the loader that another thread holds then is never released in the child."""

_STREAMS_OF_PARENT: list[object] = []
"""File descriptors that the child must keep open."""


class ForkedProcess:
    """Runs a function in a process of its own, in a folder and with an environment; its output is ``stdout``.

    It has what this process has imported, and what it does to it ends with it. Files, sockets and pipes that this
    process has open are not its own. Like the processes that Airflow starts it leads a session, so that a signal
    reaches everything that it starts.
    """

    def __init__(self, function: Callable[[], int], cwd: Path, env: Mapping[str, str]) -> None:
        """OSError when there is no such folder, or no more processes."""
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
        """The exit code; None while it runs, or while somebody waits for it."""
        if self.returncode is None and self._waiting.acquire(blocking=False):
            try:
                self._reap(os.WNOHANG)
            finally:
                self._waiting.release()
        return self.returncode

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        with self._waiting:
            self._reap(0)
        assert self.returncode is not None  # noqa: S101 - for the type checker: it has been waited for
        return self.returncode

    def _reap(self, options: int) -> None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)


def _run(function: Callable[[], int], cwd: Path, env: Mapping[str, str], output: int) -> NoReturn:
    """The child: never returns into the code of its parent."""
    code = 1
    gc.freeze()  # a collection would write to every object of the parent, and so copy all of its memory
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
    except BaseException:  # noqa: BLE001 - as Python itself shows it at the end of a program
        traceback.print_exc()
    finally:
        try:
            # dbt's locks are files, and remain where nobody removes them.
            util._run_finalizers()  # type: ignore[attr-defined]
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _run_with(parent: int, function: Callable[[], int]) -> int:
    interrupt_with(parent)
    return function()


def interrupt_with(parent: int) -> None:
    """Interrupt this process, and the program that it becomes, when the parent process ends; on Linux only.

    For Linux the parent is the thread that forked: it has to be one that ends with its process.
    """
    if _PRCTL:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:  # it has ended before this was said
            raise KeyboardInterrupt


def _path_of_programs(env: Mapping[str, str]) -> list[str]:
    """Where a program of this environment finds modules: not in folders that Airflow adds, such as that of DAGs."""
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
    """Read nothing, and write everything to the parent; no logger of the parent's knows another way out."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    _let_go_of_files()
    # The parent's streams own the numbers 0, 1 and 2 in a task of Airflow's: without a reference they would be closed
    # here, and the next file that is opened, such as a database, would be written to by print().
    _STREAMS_OF_PARENT.extend((sys.stdin, sys.stdout, sys.stderr))
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), line_buffering=True, write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), line_buffering=True, write_through=True)
    logging.root.handlers.clear()
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False  # Airflow's configuration disables those that were there before it


def _let_go_of_files() -> None:
    """Make everything that the parent has open nothing to read from and to write to: Airflow's sockets, its database.

    They are not closed, because objects of the parent's still have their numbers, and would close new files under them.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not paths
        number = int(name)
        if number not in (1, 2, nothing):
            os.dup2(nothing, number, inheritable=number == 0)
    os.close(nothing)
