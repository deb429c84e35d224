"""The repository's own workflows: pinned, with minimal permissions, and with the documented releases."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from goldens import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def workflow(name: str) -> dict:
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_read_only_is_the_rule(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    assert [each for each in used if not _PINNED.fullmatch(each)] == []
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}


def test_an_action_is_of_one_version_everywhere() -> None:
    files = [
        *WORKFLOWS,
        ROOT / "action.yml",
        ROOT / "comment" / "action.yml",
        *ROOT.glob("docs/ci/github.yml"),
    ]
    used = {
        each for path in files for each in re.findall(r"([\w-]+/[\w-]+)@([0-9a-f]{40})", path.read_text())
    }
    assert len(used) == len(dict(used))


def test_the_publishing_job_does_not_run_code_of_the_repository() -> None:
    rights = {"release": {"id-token": "write"}, "docs": {"pages": "write", "id-token": "write"}}
    for name, expected in rights.items():
        job = workflow(name)["jobs"]["publish"]
        assert job["permissions"] == expected
        assert job["needs"] == "build"
        assert not any("run" in step or "checkout" in step["uses"] for step in job["steps"])
    assert workflow("release")["jobs"]["publish"]["environment"] == "pypi"


@pytest.mark.parametrize(
    ("tag", "differs", "code"),
    [
        ("v1.2.3", "", 0),
        ("v1.2.4", "", 2),
        ("v1.2.3", "dbt_scheduler-1.2.3.tar.gz", 2),
        ("v1.2.3", "dbt_project.yml", 1),
        ("v1.2.3", "CHANGELOG.md", 1),
    ],
)
def test_a_tag_of_another_version_releases_nothing(tag: str, differs: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    texts = {
        "dist/dbt_scheduler-1.2.3-py3-none-any.whl": "",
        "dist/dbt_scheduler-1.2.3.tar.gz": "",
        "dbt_project.yml": "name: x\nversion: 1.2.3\n",
        "CHANGELOG.md": "## [Unreleased]\n\n## [1.2.3] - 2026-11-28\n",
    }
    for name, text in texts.items():
        other = bool(differs) and name.endswith(differs)
        path = tmp_path / (name.replace("1.2.3", "1.2.2") if other else name)
        path.write_text(text.replace("1.2.3", "1x2.3") if other else text)
    build = workflow("release")["jobs"]["build"]["steps"]
    (script,) = (step["run"] for step in build if "GITHUB_REF_NAME" in step.get("run", ""))
    env = {"GITHUB_REF_NAME": tag, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=tmp_path, env=env, capture_output=True, check=False
    )
    assert done.returncode == code, done


def test_ci_tests_the_releases_of_python_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "python" / "pyproject.toml").read_text())["project"]
    named = re.findall(r"Python :: (\d\.\d+)", " ".join(project["classifiers"]))
    assert workflow("ci")["jobs"]["test"]["strategy"]["matrix"]["python"] == named
    assert project["requires-python"] == f">={named[0]}"
    shown = f"{', '.join(named[:-1])} or {named[-1]}"
    for document in ("README.md", "docs/tutorial.md"):
        assert f"Python {shown}" in (ROOT / document).read_text()


def test_ci_tries_the_releases_of_dbt_and_airflow_that_the_documents_name() -> None:
    tried = workflow("ci")["jobs"]["compatibility"]["strategy"]["matrix"]["releases"]
    for document in ("docs/compatibility.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text()
        named = re.findall(r"`python/tools/compatibility\.sh ([^`]*)`", text)
        assert sorted(each for text in named for each in by_job(text)) == sorted(tried)


def by_job(arguments: str) -> list[str]:
    """Each release of Airflow takes minutes, and so has its own job."""
    first, *releases = arguments.split()
    return [f"airflow {release}" for release in releases] if first == "airflow" else [arguments]
