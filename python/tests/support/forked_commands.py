"""``dbt`` and ``dbt-scheduler`` without their imports: each call is a process that is forked from one that has made them.

The imports are most of what a short call costs. A call still has a process, a folder, an environment, standard
streams and an exit code of its own, and ends as Python ends.
"""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# What is called instead of the command: it hands its folder, environment and streams over, and takes the exit code.
CLIENT = """\
#!{python} -IS
import json, os, socket, sys
if os.environ.get("PYTHONPATH") != {pythonpath!r}:  # such a process starts otherwise, so it is started
    os.execv({command!r}, [{command!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"."], [0, 1, 2])
    server.sendall(json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode())
    server.shutdown(socket.SHUT_WR)
    code = int(server.recv(8) or 70)
sys.exit(code if code >= 0 else 128 - code)
"""
# A project with something of every kind: dbt makes what it needs for a kind when it meets the first one.
PROJECT = {
    # dbt's static parser has threads of its own, and a process with threads cannot be forked.
    "dbt_project.yml": "{name: warm, profile: warm, on-run-start: select 1, flags: {static_parser: false}}",
    "profiles.yml": "warm: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:'}}}",
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


class ForkedCommands:
    """The commands in ``folder``, until they are stopped."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="commands_"))
        self._servers = [self._serve(name) for name in LOADED]

    def stop(self) -> None:
        for server in self._servers:
            server.communicate()
        shutil.rmtree(self.folder)

    def _serve(self, name: str) -> subprocess.Popen[bytes]:
        address, client = self.folder / f"{name}.socket", self.folder / name
        values = {
            "python": sys.executable,
            "pythonpath": os.environ.get("PYTHONPATH"),
            "address": str(address),
        }
        client.write_text(CLIENT.format(command=str(Path(sys.executable).with_name(name)), **values))
        client.chmod(0o755)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "AIRFLOW"))}
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(address))
            listening.listen()
            fd = listening.fileno()
            command = [sys.executable, "-P", __file__, name, str(fd)]
            return subprocess.Popen(command, env=env, pass_fds=[fd], stdin=subprocess.PIPE)


def serve(load: Callable[[], Callable[[], None]], listening: socket.socket) -> Callable[[], None]:
    """Fork for each call until stdin ends; returns what to run in each process that is forked for one."""
    command = None
    while listening in select.select([listening, sys.stdin], [], [])[0]:
        caller, _ = listening.accept()
        command = command or load()
        if os.fork():
            caller.close()
        elif worker := os.fork():
            _, status = os.waitpid(worker, 0)
            caller.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            os._exit(0)
        else:
            _become(caller)
            return command
        with suppress(ChildProcessError):  # there are none
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    return _nothing


def _become(caller: socket.socket) -> None:
    """Take the place of the process that called."""
    _, streams, _, _ = socket.recv_fds(caller, 1, 3)
    with caller.makefile("rb") as request:
        sys.argv, folder, environment = json.load(request)
    caller.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)


def _nothing() -> None:
    """The tests are over."""


def load_dbt() -> Callable[[], None]:
    """dbt, after it has parsed something: what it makes then of its own classes is a good part of a short call."""
    from dbt.cli.main import cli, dbtRunner  # noqa: PLC0415 - not before somebody calls it

    with tempfile.TemporaryDirectory() as folder:
        for path, text in PROJECT.items():
            (Path(folder) / path).parent.mkdir(exist_ok=True)
            (Path(folder) / path).write_text(text)
        places = ["--project-dir", folder, "--profiles-dir", folder]
        parsed = dbtRunner().invoke(
            ["--quiet", "--no-send-anonymous-usage-stats", "--log-level-file", "none", "parse", *places]
        )
        assert parsed.success, parsed.exception
    return cli


def load_dbt_sliced() -> Callable[[], None]:
    """The runner of slices, which is dbt."""
    load_dbt()
    from dbt_scheduler.dbt.sliced import main  # noqa: PLC0415 - as above

    return lambda: sys.exit(main())


def load_dbt_scheduler() -> Callable[[], None]:
    """Our own command line, with all that its commands import later."""
    import jsonschema  # noqa: F401, PLC0415 - as above

    import dbt_scheduler.cli.projects  # noqa: PLC0415

    return dbt_scheduler.cli.main


LOADED = {"dbt": load_dbt, "dbt-sliced": load_dbt_sliced, "dbt-scheduler": load_dbt_scheduler}


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[2])) as listening:
        run = serve(LOADED[sys.argv[1]], listening)
    run()
