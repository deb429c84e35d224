"""Findings as GitHub annotations: paths are relative to the root of the repository."""

from pathlib import Path

import pytest

from dbt_scheduler.findings.catalogue.inputs import SCH401
from dbt_scheduler.findings.formats import github
from dbt_scheduler.findings.plural import format_count


def shown(path: str, folder: str, repository: str | None) -> str:
    text = github.annotations([SCH401.at(path, 3)], Path(folder), repository)
    return text.removeprefix("::error file=").partition(",line=3,title=SCH401::")[0]


@pytest.mark.parametrize(
    ("path", "folder", "repository", "expected"),
    [
        ("models/a.yml", "/checkout/teams/shop", "/checkout", "teams/shop/models/a.yml"),
        ("shop/models/a.yml", "/checkout/teams", "/checkout/", "teams/shop/models/a.yml"),
        ("../platform.yaml", "/checkout/teams", "/checkout", "platform.yaml"),
        ("/checkout/teams/a.yml", "/checkout/teams", "/checkout", "teams/a.yml"),
        ("models/a.yml", "/checkout", "/checkout", "models/a.yml"),
        ("models/a.yml", "/checkout/teams", None, "models/a.yml"),
        ("models/a.yml", "/checkout/teams", "", "models/a.yml"),
        ("models/a.yml", "/elsewhere", "/checkout", "models/a.yml"),
        ("/usr/lib/platform_default.yaml", "/checkout/teams", "/checkout", "/usr/lib/platform_default.yaml"),
        ("../../outside.yaml", "/checkout/teams", "/checkout", "../../outside.yaml"),
    ],
)
def test_github_paths(path, folder, repository, expected):
    assert shown(path, folder, repository) == expected


def test_github_reads_where_the_checkout_is(tmp_path, monkeypatch):
    folder = tmp_path / "teams" / "shop"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert github.render([SCH401.at("a.yml", 1)]).startswith("::error file=teams/shop/a.yml,line=1,")
    monkeypatch.delenv("GITHUB_WORKSPACE")
    assert github.render([SCH401.at("a.yml", 1)]).startswith("::error file=a.yml,line=1,")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 tasks"), (1, "1 task"), (2, "2 tasks"), (0.1, "0.1 tasks"), (10**6, "1000000 tasks")],
)
def test_one_of_a_thing_is_singular(count, text):
    assert format_count(count, "task") == text
