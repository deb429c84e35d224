"""Fixtures that several test modules share, what each test needs and where it runs, and the option that writes the expected files anew."""

import gc
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from forked_commands import ForkedCommands

if TYPE_CHECKING:
    from dbt_projects import ManyProjects

Golden = Callable[[Path, str], None]

# The same commit has the same verdict, on any machine: how long an example takes says nothing, and `make fuzz` is for luck.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    help_ = "write what integration_tests expects anew"
    parser.addoption("--update-goldens", action="store_true", help=help_)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the workers of pytest-xdist share those of the main process
        commands = ForkedCommands()
        os.environ["FORKED_COMMANDS"] = str(commands.folder)
        config.add_cleanup(commands.stop)
    for needed in ("dbt", "airflow"):
        if f"not {needed}" in config.option.markexpr:
            sys.modules[needed] = None  # so a test that needs it all the same, and is not marked, fails


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is imported stays: nobody looks through a million objects again and again for what has become garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where tests that need Airflow or dbt are left out, it is not even imported."""
    left_out = config.option.markexpr
    if "not airflow" in left_out and _is_airflows(collection_path):
        return True
    if "not browser" in left_out and _is_browsers(collection_path):
        return True
    return True if "not dbt" in left_out and _imports_dbt(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what each test needs."""
    for item in items:
        fixtures = {*getattr(item, "fixturenames", ())}
        if _is_airflows(item.path):
            item.add_marker("airflow")
        if _is_browsers(item.path):
            item.add_marker("browser")
        if (
            {"macro_project", "many_projects"} & fixtures
            or {"dbt", "DbtTeam"} & vars(getattr(item, "module", None) or object).keys()
            or _imports_dbt(item.path)
        ):
            item.add_marker("dbt")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`--dist loadfile` is ours."""
    from shared_out import ByFile  # noqa: PLC0415 - only where pytest-xdist is used

    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


def _is_airflows(path: Path) -> bool:
    """Whether tests need Airflow: its name is in that of their file or folder."""
    tests = Path(__file__).parent
    return path.is_relative_to(tests) and "airflow" in str(path.relative_to(tests))


def _is_browsers(path: Path) -> bool:
    """Whether tests need a browser: they import what starts one, or are in its folder."""
    if path.is_relative_to(Path(__file__).parent / "browser"):
        return True
    return path.suffix == ".py" and bool(re.search(r"^from chromium import", path.read_text(), re.MULTILINE))


def _imports_dbt(path: Path) -> bool:
    return path.suffix == ".py" and bool(
        re.search(r"^\s*(import|from) dbt\b", path.read_text(), re.MULTILINE)
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with the file that holds what is expected."""
    update = request.config.getoption("--update-goldens")

    def compare(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.is_file(), f"{path} is missing: `make golden` writes it"
        assert text == path.read_text()

    return compare


@pytest.fixture(scope="session")
def macro_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has the dbt package and hardly anything else."""
    from dbt_projects import make_project  # noqa: PLC0415 - as below

    return make_project(tmp_path_factory.mktemp("macros"), {"models/one.sql": "select 1 as id"})


@pytest.fixture(scope="session")
def macro(macro_project: Path) -> Callable[[str], Callable[..., Any]]:
    """The package's macros by name; one dbt for all tests, as a second one loses the log file of the first."""
    from dbt_macros import macro_caller  # noqa: PLC0415 - dbt takes a second to import

    return macro_caller(macro_project)


@pytest.fixture(scope="session")
def many_projects(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ManyProjects]":
    """One dbt for all projects that are only parsed or compiled."""
    from dbt_projects import ManyProjects  # noqa: PLC0415 - as above

    projects = ManyProjects(tmp_path_factory.mktemp("many_projects"))
    yield projects
    projects.end()
