"""The tutorial, followed literally: its files are written, its commands run in a shell, and their output compared.

dbt-scheduler is the built wheel, in an environment without this repository, and the dbt package is cloned by its tag.
Airflow runs in this process, instead of ``airflow standalone``; when a DAG is unpaused, the run that Airflow would
create for yesterday is created for a fixed day.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stdout
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from airflow.cli.cli_parser import get_parser
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from sqlalchemy import update

from dbt_scheduler import __version__
from goldens import COMMANDS, ROOT
from harness import RESUME_DAG, Platform, airflows_own_warnings
from wheels import build, install

DOCUMENT = ROOT / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"(?:#|--) (\S+\.\w+)\n")
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_PAGE = "https://github.com/dbt-scheduler/dbt-scheduler.git"
_API = "http://127.0.0.1:8080"
_DAY = "2025-09-09T00:10"


class Reader:
    """A user in an empty folder who types the page's commands into one shell."""

    def __init__(self, folder: Path, airflow: Platform, api_url: str, **variables: str) -> None:
        self.folder = folder
        self._variables = variables
        self._airflow = airflow
        self._api_url = api_url
        self._shell = folder.with_name("shell")  # its folder, variables and last exit code, as a script
        self._shell.write_text(f"cd {shlex.quote(str(folder))}\n")

    def write(self, path: str, text: str) -> None:
        """Write a file of the page; its folder must exist."""
        (self.folder / path).write_text(text)

    def type(self, command: str, *, may_fail: bool) -> str:
        """The output of a command; its exit code must be 0, unless the page expects another one."""
        if command.startswith("airflow standalone"):
            self._start_airflow()
            return ""
        if command.startswith("airflow "):
            return self._airflow_command(*shlex.split(command)[1:])
        text, code = self._run(command.replace(_API, self._api_url))
        assert may_fail or not code, f"{command} exited with {code}:\n{text}"
        return text

    def _run(self, command: str) -> tuple[str, int]:
        shell = shlex.quote(str(self._shell))
        keep = f'code=$?; {{ export -p; printf "cd %q\\n(exit $code)\\n" "$PWD"; }} > {shell}; exit $code'
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW_CONN_", "DBT_"))}
        done = subprocess.run(
            ["/bin/bash", "-c", f". {shell}\n{command}\n{keep}"],
            env=env | {"NO_COLOR": "1", "DO_NOT_TRACK": "1"} | self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout, done.returncode

    def _start_airflow(self) -> None:
        """Let Airflow parse the compiled DAGs; new DAGs are paused, except for the sweep."""
        self._airflow.deploy()
        with create_session() as session:
            paused = DagModel.dag_id != RESUME_DAG
            session.execute(update(DagModel).where(paused).values(is_paused=True))

    def _airflow_command(self, *arguments: str) -> str:
        """Run a command of Airflow in this process, which saves seconds."""
        printed = StringIO()
        with airflows_own_warnings(), redirect_stdout(printed), chdir(self.folder):
            parsed = get_parser().parse_args(arguments)
            parsed.func(parsed)
        if arguments[:2] == ("dags", "unpause") and arguments[2].endswith("_daily"):
            self._airflow.run(arguments[2], _DAY)
            self._airflow.work()
        return printed.getvalue()


def steps() -> list[tuple[str, str]]:
    """The steps on the page: a path and the file's text, or a command, with ``$`` in front, and its output."""
    found = []
    for language, text in _BLOCK.findall(DOCUMENT.read_text()):
        path = _PATH.match(text)
        if language == "console":
            found += [(f"$ {command}", output) for command, output in _COMMAND.findall(text)]
        else:
            assert path, f"neither a command nor a file: {text}"
            found.append((path[1], text))
    return found


def stable(text: str, folder: Path) -> str:
    """The text without dates, times, addresses and the folder, and without trailing blanks and empty lines."""
    text = text.replace(str(folder), "/home/me/tutorial")
    text = re.sub(r"https?://\S+", "(address)", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "(time)", text)
    return re.sub(r"\s*\n", "\n", text)


def published(folder: Path) -> dict[str, str]:
    """Publish the dbt package like on GitHub after a release; returns the variables for git to clone it from ``folder``."""
    folder.mkdir()
    for name in ("macros", "analyses"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "dbt_project.yml", folder)
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@localhost"]
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "x"), ("tag", f"v{__version__}")):
        subprocess.run([*git, *arguments], check=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": _PAGE,
    }


@pytest.mark.dbt
def test_the_tutorial_from_nothing_to_a_resumed_run(
    airflow: Platform, api_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = install(build("wheel", ROOT / "python", tmp_path), tmp_path / "environment")
    monkeypatch.setenv("PATH", f"{installed}:{COMMANDS}:{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    folder = tmp_path / "tutorial"
    folder.mkdir()
    airflow.dags = folder / "out" / "dags"
    reader = Reader(folder, airflow, api_url, **published(tmp_path / "github"))
    where = ("python", "-c", "import dbt_scheduler; print(dbt_scheduler.__file__)")
    assert str(tmp_path) in subprocess.check_output(where, text=True)
    shown, seen = "", ""
    for (what, text), (following, _) in pairwise([*steps(), ("", "")]):
        if what.startswith("$ "):
            said = reader.type(what[2:], may_fail=following == "$ echo $?")
            shown += stable(f"{what}\n{text}", folder)
            seen += stable(f"{what}\n{said}", folder)
        else:
            reader.write(what, text)
    assert seen.splitlines() == shown.splitlines()
    assert (folder / "site" / "index.html").is_file()
