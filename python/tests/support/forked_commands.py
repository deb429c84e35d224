"""Runs the commands of tests without the cost of imports: each call is forked from a process that has imported them.

Imports take most of the time of a short call. Each call still has its own process, folder, environment, standard
streams and exit code.
"""

import atexit
import gc
import json
import logging
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

# The client that is called instead of a command: it sends its folder, environment and streams, and gets the exit code.
CLIENT = """\
#!{python} -IS
import json, os, socket, sys
own, given = {pythonpath!r}, [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
more = given[: len(given) - len(own)]
if more + own != given or any(os.path.exists(os.path.join(folder, "sitecustomize.py")) for folder in more):
    os.execv({command!r}, [{command!r}, *sys.argv[1:]])  # such a process starts differently, so it is not forked
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"."], [0, 1, 2])
    server.sendall(json.dumps([sys.argv, os.getcwd(), dict(os.environ), more]).encode())
    server.shutdown(socket.SHUT_WR)
    code = int(server.recv(8) or 70)
sys.exit(code if code >= 0 else 128 - code)
"""
ROOT = Path(__file__).resolve().parents[3]
# A project with a node of every kind: dbt initializes some things when it finds the first node of a kind.
PROJECT = {
    # dbt's static parser starts threads, and a process with threads cannot be forked safely.
    "dbt_project.yml": "{name: warm, profile: warm, on-run-start: select 1, flags: {static_parser: false}}",
    "profiles.yml": "warm: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:'}}}",
    "packages.yml": json.dumps(
        {"packages": [{"local": str(ROOT)}]}
    ),  # dbt 1.12 checks which packages are installed
    "models/one.sql": "select 1 as id from {{ source('raw', 'a') }}",
    "models/one.yml": """{
        models: [{name: one, config: {meta: {a: b}}, columns: [{name: id, data_tests: [unique]}]}],
        sources: [{name: raw, tables: [{name: a}]}],
        exposures: [{name: e, type: notebook, owner: {name: a, email: a@localhost}, depends_on: ["ref('one')"]}],
    }""",
    "analyses/two.sql": "select 2",
    "seeds/three.csv": "id\n3\n",
    "tests/four.sql": "select 4 where false",
}


Commands = dict[str, Callable[[], object]]
"""The commands to run, by name."""


class ForkedCommands:
    """The commands in ``folder``, until they are stopped."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="commands_"))
        self._servers = [self._serve(load) for load in LOADED]

    def stop(self) -> None:
        for server in self._servers:
            server.communicate()
        shutil.rmtree(self.folder)

    def _serve(self, load: str) -> subprocess.Popen[bytes]:
        address = self.folder / f"{load}.socket"
        for name in LOADED[load][1]:
            values = {
                "python": sys.executable,
                "pythonpath": [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))],
                "address": str(address),
                "command": str(Path(sys.executable).with_name(name)),
            }
            (self.folder / name).write_text(CLIENT.format(**values))
            (self.folder / name).chmod(0o755)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "AIRFLOW"))}
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(address))
            listening.listen()
            fd = listening.fileno()
            command = [sys.executable, "-P", __file__, load, str(fd)]
            return subprocess.Popen(command, env=env, pass_fds=[fd], stdin=subprocess.PIPE)


def serve(load: Callable[[], Commands], listening: socket.socket) -> Callable[[], object]:
    """Fork for each call until stdin ends; returns what each forked process has to run."""
    commands = None
    while listening in select.select([listening, sys.stdin], [], [])[0]:
        caller, _ = listening.accept()
        if commands is None:
            commands = load()
            gc.collect()
            gc.freeze()  # otherwise each garbage collection would visit, and so copy, all of these objects
        if os.fork():
            caller.close()
        elif worker := os.fork():
            _, status = os.waitpid(worker, 0)
            caller.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            os._exit(0)
        else:
            _become(caller)
            return commands[Path(sys.argv[0]).name]
        with suppress(ChildProcessError):  # no children
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    return _nothing


def _become(caller: socket.socket) -> None:
    """Take over the streams, the folder and the environment of the caller."""
    _, streams, _, _ = socket.recv_fds(caller, 1, 3)
    with caller.makefile("rb") as request:
        sys.argv, folder, environment, path = json.load(request)
    sys.path[:0] = path
    caller.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)


def _nothing() -> None:
    """Return when the tests end."""


def run(command: Callable[[], object]) -> NoReturn:
    """Run a command and exit like Python, but without the teardown of modules, which would take most of a short call."""
    code: object = 1
    try:
        command()
        code = 0
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - shown as Python shows it
        sys.excepthook(*sys.exc_info())
    if not isinstance(code, int):
        sys.stderr.write(f"{code}\n")
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def load_dbt() -> Commands:
    """dbt, after it parsed a project: part of its initialization takes a large share of a short call."""
    from dbt.cli.main import cli, dbtRunner  # noqa: PLC0415 - only if dbt is called
    from dbt.plugins import manager  # noqa: PLC0415
    from dbt.task import build  # noqa: F401, PLC0415
    from dbt_common.clients import agate_helper  # noqa: F401, PLC0415
    from dbt_common.tests import enable_test_caching  # noqa: PLC0415

    from dbt_scheduler.dbt import sliced, slicing, warm  # noqa: PLC0415

    enable_test_caching()  # caches parsed macros
    warm._LOG.addFilter(_fail)
    warm.warm()
    with tempfile.TemporaryDirectory() as folder:
        for path, text in PROJECT.items():
            (Path(folder) / path).parent.mkdir(exist_ok=True)
            (Path(folder) / path).write_text(text)
        (Path(folder) / "dbt_packages").mkdir()
        (Path(folder) / "dbt_packages" / "dbt_scheduler").symlink_to(ROOT)
        places = ["--project-dir", folder, "--profiles-dir", folder]
        options = ["--quiet", "--no-send-anonymous-usage-stats", "--log-level-file", "none"]
        parsed = dbtRunner().invoke([*options, "parse", *places])
        assert parsed.success, parsed.exception
    warm.compile_and_read(parsed.result)
    manager._MODULES_CACHE = None  # a call may have other modules on its path
    return {
        "dbt": cli,
        "dbt-each-line": _run_each_line,
        "dbt-sliced": lambda: sys.exit(sliced.main()),
        "dbt-slicing": lambda: sys.exit(slicing.main()),
    }


def _fail(record: logging.LogRecord) -> bool:
    raise AssertionError(record.getMessage())


def _run_each_line() -> None:
    """One dbt process for many calls: each line of stdin has the arguments of a call, each line of stdout its error."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - as above

    for arguments in map(json.loads, sys.stdin):
        done = dbtRunner().invoke(arguments)
        sys.stdout.write(json.dumps(None if done.success else str(done.exception)) + "\n")
        sys.stdout.flush()


def load_dbt_scheduler() -> Commands:
    """Our own command line, with all modules that its commands import lazily."""
    import jsonschema  # noqa: F401, PLC0415 - as above

    import dbt_scheduler.cli.projects  # noqa: PLC0415

    return {"dbt-scheduler": dbt_scheduler.cli.main}


# Commands such as dbt, and two that only tests call: `dbt-scheduler slice` starts the first of them.
DBT = ("dbt", "dbt-sliced", "dbt-slicing", "dbt-each-line")
LOADED = {"dbt": (load_dbt, DBT), "dbt-scheduler": (load_dbt_scheduler, ("dbt-scheduler",))}


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[2])) as listening:
        command = serve(LOADED[sys.argv[1]][0], listening)
    run(command)
