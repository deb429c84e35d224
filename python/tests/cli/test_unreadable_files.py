"""Paths that are not regular files: each command reports them, without hanging or a traceback."""

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from build import World, node
from command import run
from dbt_scheduler.cli.airflow_options import connection

NOBODY = 65534
CHECK = ("check", "shop", "ext/external_assets.yaml")
COMPILE = ("compile", "shop", "--out", "out")
PUBLISH = ("publish", "out", "--registry", "registry")
REPORT = ("report", "base", "out")
EXTERNAL = """\
version: 1
team: far
assets: [{asset: b, dag_id: d, task_id: t, pipeline: daily}]
"""

READ = {
    "shop/scheduler.yaml": (CHECK, 2),
    "platform.yaml": (CHECK, 2),
    "shop/target/manifest.json": (CHECK, 2),
    "ext/external_assets.yaml": (CHECK, 2),
    "out/registry/shop.json": (PUBLISH, 1),
    "out/base/shop.json": (PUBLISH, 1),
    "out/dags/shop_daily.json": (REPORT, 2),
    "out/dags/dbt_scheduler_resume.py": (COMPILE, 2),
}
"""By file, a command that requires it, and its exit code."""

LOOKED_AT = ("shop/selectors.yml", "shop/models/marts/a.yml")
"""Files that are only read for the location of a finding, or for a single check."""


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def folder(path: Path) -> None:
    path.mkdir()


def unreadable(path: Path) -> None:
    path.write_text("secret")
    path.chmod(0)


MAKE = [os.mkfifo, folder, loop, unreadable]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The same for a user without root's permissions."""
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        monkeypatch.chdir(place)
        world = World(Path())
        world.team("shop", node("a", pipelines=["dayly"], patch_path="shop://models/marts/a.yml"))
        world.file("ext/external_assets.yaml", EXTERNAL)
        yield world
        monkeypatch.undo()


@contextmanager
def no_rights() -> Iterator[None]:
    """The permissions of a user who cannot read such files, with a time limit."""

    def give_up(*_: object) -> None:
        raise RuntimeError("the command waits for a file")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(30)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(NOBODY)
        yield
    finally:
        if root:
            os.seteuid(0)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("make", MAKE)
@pytest.mark.parametrize("file", READ)
def test_a_file_that_is_none_is_reported(world: World, file: str, make: Callable[[Path], None]) -> None:
    world.team("shop", node("a", pipelines=["daily"]))
    Path("base").mkdir()
    run(*COMPILE, "--registry", "registry")
    for place in (Path("out"), Path("out/dags"), Path("out/registry"), Path("out/base")):
        place.chmod(0o777)
    path = Path(file)
    path.unlink()
    make(path)
    command, code = READ[file]
    with no_rights():
        result = run(*command, code=code)
    assert path.name in result.output
    assert "  hint: " in result.output or "Usage: " in result.output
    assert "secret" not in result.output


@pytest.mark.parametrize("make", MAKE)
@pytest.mark.parametrize("file", LOOKED_AT)
def test_an_unreadable_file_that_only_has_locations_is_skipped(
    world: World, file: str, make: Callable[[Path], None]
) -> None:
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    make(path)
    with no_rights():
        result = run("check", "shop", code=1)
    assert 'SCH102 "a" is assigned to the unknown pipeline "dayly"' in result.stdout
    assert "secret" not in result.output


def test_a_password_may_come_from_a_pipe_as_a_shell_makes_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("typed nowhere\n",))
    writer.start()
    found = connection("any", "http://airflow", "me", pipe)
    writer.join()
    assert found.password == "typed nowhere"  # noqa: S105 - nobody's
