"""The folders of ``integration_tests/changes``: two states of a dbt project, and the report of a pull request."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbt_projects import ManyProjects
from dbt_scheduler.cli import main
from goldens import INTEGRATION

CHANGES = INTEGRATION / "changes"
CASES = sorted(path.name for path in CHANGES.iterdir() if (path / "head").is_dir())
SIDES = ("base", "head")


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory, many_projects: ManyProjects) -> Path:
    """A copy of the folder, with all projects parsed by dbt."""
    folder = tmp_path_factory.mktemp("changes") / "changes"
    shutil.copytree(CHANGES, folder)
    for project in sorted(path.parent for path in folder.glob("*/*/dbt_project.yml")):
        many_projects.run("parse", project, profiles=folder)
    return folder


def registry_of(case: Path) -> Path:
    return case / "registry" if (case / "registry").is_dir() else case.parent / "registry"


def compiled(project: Path, registry: Path) -> Path:
    """The output of compile for one side; an empty folder if it has no project."""
    out = project / "out"
    out.mkdir()
    if (project / "dbt_project.yml").is_file():
        done = CliRunner().invoke(
            main, ["compile", str(project), "--out", str(out), "--registry", str(registry)]
        )
        assert done.exit_code == 0, done.output
    return out


@pytest.mark.parametrize("case", CASES)
def test_the_report_of_a_change(case, changes, golden):
    registry = registry_of(changes / case)
    base, head = (compiled(changes / case / side, registry) for side in SIDES)
    done = CliRunner().invoke(main, ["report", str(base), str(head), "--registry", str(registry)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.stderr == ""
    golden(CHANGES / case / "report.md", done.stdout)
    assert done.exit_code == ("⚠️" in done.stdout)
