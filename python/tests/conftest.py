"""Fixtures that several test modules share, the commands they call, and the option that writes the expected files anew."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forked_commands import ForkedCommands

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    help_ = "write what integration_tests expects anew"
    parser.addoption("--update-goldens", action="store_true", help=help_)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the workers of pytest-xdist share those of the main process
        commands = ForkedCommands()
        os.environ["FORKED_COMMANDS"] = str(commands.folder)
        config.add_cleanup(commands.stop)


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
