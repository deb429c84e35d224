"""Shared fixtures, the markers for what each test requires, and the option that updates the expected files."""

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

# Results are reproducible on any machine: no deadlines, and no random examples, which are for `make fuzz`.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    help_ = "update the expected files in integration_tests"
    parser.addoption("--update-goldens", action="store_true", help=help_)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(
        config, "workerinput"
    ):  # the workers of pytest-xdist share the commands of the main process
        commands = ForkedCommands()
        os.environ["FORKED_COMMANDS"] = str(commands.folder)
        config.add_cleanup(commands.stop)
    for needed in ("dbt", "airflow"):
        if f"not {needed}" in config.option.markexpr:
            sys.modules[needed] = None  # so that a test that imports it without the marker fails


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Freeze imported objects, so that garbage collection does not visit a million of them again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import the modules of deselected tests that require Airflow, dbt or a browser."""
    left_out = config.option.markexpr
    if "not airflow" in left_out and _is_airflows(collection_path):
        return True
    if "not browser" in left_out and _is_browsers(collection_path):
        return True
    return True if "not dbt" in left_out and _imports_dbt(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with what it requires."""
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
    """Use our own distribution for `--dist loadfile`."""
    from shared_out import ByFile  # noqa: PLC0415 - requires pytest-xdist

    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


def _is_airflows(path: Path) -> bool:
    """Whether tests require Airflow: the name of their file or folder contains its name."""
    tests = Path(__file__).parent
    return path.is_relative_to(tests) and "airflow" in str(path.relative_to(tests))


def _is_browsers(path: Path) -> bool:
    """Whether tests require a browser: they import ``chromium``, or are in the folder ``browser``."""
    if path.is_relative_to(Path(__file__).parent / "browser"):
        return True
    return path.suffix == ".py" and bool(re.search(r"^from chromium import", path.read_text(), re.MULTILINE))


def _imports_dbt(path: Path) -> bool:
    return path.suffix == ".py" and bool(
        re.search(r"^\s*(import|from) dbt\b", path.read_text(), re.MULTILINE)
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with an expected file, which ``--update-goldens`` writes."""
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
    """A minimal project with the dbt package."""
    from dbt_projects import make_project  # noqa: PLC0415 - as below

    return make_project(tmp_path_factory.mktemp("macros"), {"models/one.sql": "select 1 as id"})


@pytest.fixture(scope="session")
def macro(macro_project: Path) -> Callable[[str], Callable[..., Any]]:
    """The package's macros by name; one dbt for all tests, because a second one would close the log file of the first."""
    from dbt_macros import macro_caller  # noqa: PLC0415 - dbt takes a second to import

    return macro_caller(macro_project)


@pytest.fixture(scope="session")
def many_projects(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ManyProjects]":
    """One dbt process for all projects that are only parsed or compiled."""
    from dbt_projects import ManyProjects  # noqa: PLC0415 - as above

    projects = ManyProjects(tmp_path_factory.mktemp("many_projects"))
    yield projects
    projects.end()
