"""The folders of ``integration_tests/``: the inputs and the commands' outputs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from bigquery import write_key
from dbt_scheduler.cli import main
from dbt_scheduler.registry.stores import open_store
from goldens import INTEGRATION, copy_projects, dbt, read_tree, run

TEAMS = ("playground", "shipping", "transactions")
REGISTRY = INTEGRATION / "expected" / "registry"
PRODUCTION = (*TEAMS, "--platform", "production.yaml")
EXPORT = ("registry", "export", "--dbt-package", ".dbt_scheduler/registry")
MALFORMED = sorted(path.parent.name for path in (INTEGRATION / "malformed").glob("*/scheduler.yaml"))


@pytest.fixture(scope="session")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example teams, compiled by dbt with the registry entries of all teams; ``out`` is the output folder."""
    folder = tmp_path_factory.mktemp("integration") / "teams"
    copy_projects(INTEGRATION / "teams", folder)
    for team in TEAMS:
        run("dbt-scheduler", *EXPORT, cwd=folder / team)
        dbt("deps", cwd=folder / team)
        dbt("parse", cwd=folder / team)
    run("dbt-scheduler", "compile", *TEAMS, "--out", "../out", cwd=folder)
    for team in TEAMS:
        run("dbt-scheduler", *EXPORT, "--registry", "../../out/registry", cwd=folder / team)
        dbt("compile", "--no-populate-cache", cwd=folder / team)
    run("dbt-scheduler", "compile", *TEAMS, "--out", "../out", cwd=folder)  # now with compiled SQL
    return folder


@pytest.fixture(scope="session")
def bigquery_teams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for the target of production, without access to a warehouse."""
    folder = tmp_path_factory.mktemp("bigquery") / "teams"
    copy_projects(INTEGRATION / "teams", folder)
    production = {
        "DBT_KEYFILE": str(write_key(folder / "key.json")),
        "DBT_SCHEDULER_PLATFORM": str(folder / "production.yaml"),
    }
    for team in TEAMS:
        run("dbt-scheduler", *EXPORT, cwd=folder / team, **production)
        dbt("deps", cwd=folder / team)
        dbt("parse", "--target", "prod", cwd=folder / team, **production)
    run("dbt-scheduler", "compile", *PRODUCTION, "--out", "../out", cwd=folder)
    offline = ("--select", "package:dbt_scheduler", "--no-populate-cache", "--target", "prod")
    for team in TEAMS:
        run("dbt-scheduler", *EXPORT, "--registry", "../../out/registry", cwd=folder / team, **production)
        dbt("compile", *offline, cwd=folder / team, **production)
    return folder


def test_teams_have_no_findings(teams, golden):
    golden(INTEGRATION / "expected" / "check.txt", run("dbt-scheduler", "check", *TEAMS, cwd=teams))


def test_teams_compile_to_the_expected_files(teams, golden):
    run("dbt-scheduler", "compile", *TEAMS, "--out", "../out", cwd=teams)
    expected = INTEGRATION / "expected"
    found = read_tree(teams.parent / "out")
    for path, text in found.items():
        golden(expected / path, text)
    assert sorted(found) == sorted(path for path in read_tree(expected) if path != "check.txt")


def test_teams_on_bigquery_compile_to_the_expected_files(bigquery_teams, golden):
    """Each with its own Google Cloud project, and one model as a view in a third one."""
    expected = INTEGRATION / "expected_bigquery"
    golden(expected / "check.txt", run("dbt-scheduler", "check", *PRODUCTION, cwd=bigquery_teams))
    run("dbt-scheduler", "compile", *PRODUCTION, "--out", "../out", cwd=bigquery_teams)
    found = read_tree(bigquery_teams.parent / "out")
    for path, text in found.items():
        golden(expected / path, text)
    assert sorted(found) == sorted(path for path in read_tree(expected) if path != "check.txt")


def test_teams_build_on_duckdb(teams, tmp_path):
    """Including settings for other warehouses. Their tables depend on each other, so not all succeed at first."""
    warehouse = {"WAREHOUSE": str(tmp_path / "warehouse.duckdb")}
    with duckdb.connect(warehouse["WAREHOUSE"]) as connection:  # the output of a Vertex AI job
        connection.execute("create schema predictions")
        connection.execute(
            "create table predictions.my_produced_source as "
            "select 1 as customer_id, 0.5 as predicted_value, 'new' as segment"
        )
    dbt("run-operation", "stage_external_sources", "--no-write-json", cwd=teams / "playground", **warehouse)
    build = ("build", "--exclude-resource-type", "unit_test", "--no-write-json")
    programs = {"shipping": ["scripts/fetch_carrier_rates.py"], "playground": ["-m", "my_module.main"]}
    said = dict.fromkeys(TEAMS, "ERROR")
    for _ in TEAMS:
        for team in [team for team in TEAMS if "ERROR" in said[team]]:
            said[team] = dbt(*build, cwd=teams / team, expect=None, **warehouse)
            if program := programs.get(team):
                command = [sys.executable, *program]
                subprocess.run(command, cwd=teams / team, env={**os.environ, **warehouse}, check=True)
    assert [text for text in said.values() if "Completed successfully" not in text] == []


def test_a_second_compile_changes_no_byte(teams):
    before = read_tree(teams.parent / "out")
    run("dbt-scheduler", "compile", *TEAMS, "--out", "../again", cwd=teams)
    assert read_tree(teams.parent / "again") == before


def test_a_team_alone_compiles_the_same_with_the_registry_of_the_others(teams):
    registry = teams.parent / "out" / "registry"
    run("dbt-scheduler", "compile", "shipping", "--out", "../alone", "--registry", registry, cwd=teams)
    together = read_tree(teams.parent / "out")
    expected = {path: text for path, text in together.items() if "shipping" in path or "resume" in path}
    alone = read_tree(teams.parent / "alone")
    base = json.loads(alone.pop("base/shipping.json"))
    assert base == {"shipping": {"version": open_store(registry.as_uri()).read_all().versions["shipping"]}}
    assert alone == expected
    reported = run("dbt-scheduler", "publish", "../alone", "--registry", registry, cwd=teams)
    assert reported == "shipping: already published\n"


def test_dbt_and_check_reject_the_broken_project(tmp_path, golden):
    broken = tmp_path / "broken"
    copy_projects(INTEGRATION / "broken", broken)
    registry = broken / "registry"
    shutil.copytree(REGISTRY, registry, dirs_exist_ok=True)
    run("dbt-scheduler", *EXPORT, "--registry", registry, cwd=broken)
    dbt("deps", cwd=broken)
    reported = dbt(
        "compile", "--select", "package:dbt_scheduler", "--no-populate-cache", cwd=broken, expect=2
    )
    golden(
        INTEGRATION / "broken" / "expected_dbt_compile.txt", reported[reported.index("Compilation Error") :]
    )
    reported = run("dbt-scheduler", "check", "--registry", registry, cwd=broken, expect=1)
    golden(INTEGRATION / "broken" / "expected_check.txt", reported)


def test_an_undeclared_source_is_an_error_of_dbts_own(tmp_path, golden):
    project = tmp_path / "broken_source"
    copy_projects(INTEGRATION / "broken_source", project)
    run("dbt-scheduler", *EXPORT, "--registry", REGISTRY, cwd=project)
    dbt("deps", cwd=project)
    reported = dbt("compile", "--no-populate-cache", cwd=project, expect=2)
    golden(
        INTEGRATION / "broken_source" / "expected_dbt_compile.txt",
        reported[reported.index("Compilation Error") :],
    )
    reported = run("dbt-scheduler", "check", cwd=project, expect=2)
    golden(INTEGRATION / "broken_source" / "expected_check.txt", reported)


def test_check_finds_what_takes_several_teams(tmp_path, golden):
    folder = tmp_path / "together"
    copy_projects(INTEGRATION / "broken_together", folder)
    teams = sorted(path.parent for path in folder.glob("*/dbt_project.yml"))
    for team in teams:
        dbt("deps", cwd=team) if (team / "packages.yml").is_file() else None
        dbt("parse", cwd=team)
    reported = run("dbt-scheduler", "check", *(team.name for team in teams), cwd=folder, expect=1)
    golden(INTEGRATION / "broken_together" / "expected_check.txt", reported)


LOOKUPS = {
    "list": ("list",),
    "list_all": ("list", "--all"),
    "show": ("show", "dim_customers"),
    "show_latest_version": ("show", "dim_carriers"),
    "show_not_exposed": ("show", "stg_parcels"),
    "consumers": ("consumers", "fct_shipments"),
    "producers": ("producers", "playground"),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_registry_commands(name, golden):
    reported = run("dbt-scheduler", "registry", *LOOKUPS[name], "--registry", REGISTRY, cwd=INTEGRATION)
    golden(INTEGRATION / "registry" / f"{name}.txt", reported)


def test_models_of_other_projects_are_global_dependencies(tmp_path, golden):
    folder = tmp_path / "cross_project"
    copy_projects(INTEGRATION / "cross_project", folder)
    dbt("parse", cwd=folder / "orders")
    run("dbt-scheduler", "compile", "orders", "--out", "../out", cwd=folder)
    registry = tmp_path / "out" / "registry"
    reported = {}
    for team, code in (("reporting", 0), ("strangers", 2)):
        run("dbt-scheduler", *EXPORT, "--registry", registry, cwd=folder / team)
        dbt("deps", cwd=folder / team)
        reported[team] = dbt(
            "compile", "--no-populate-cache", cwd=folder / team, expect=code, **_plugin(folder)
        )
    expected = INTEGRATION / "cross_project" / "expected"
    golden(
        expected / "dbt_compile.txt",
        reported["strangers"][reported["strangers"].index("Compilation Error") :],
    )
    reported["check"] = run(
        "dbt-scheduler", "check", "orders", "reporting", "strangers", cwd=folder, expect=1
    )
    golden(expected / "check.txt", reported["check"])
    run("dbt-scheduler", "compile", "orders", "reporting", "--out", "../out", cwd=folder)
    for path in ("dags/reporting_daily.json", "registry/reporting.json"):
        golden(expected / path, (tmp_path / "out" / path).read_text())


def _plugin(folder: Path) -> dict[str, str]:
    """The environment of a dbt plugin that adds other projects' models, like dbt-loom."""
    manifests = (folder / "orders" / "target" / "manifest.json", folder / "elsewhere" / "manifest.json")
    path = (str(folder / "plugin"), os.environ.get("PYTHONPATH", ""))
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "CROSS_PROJECT_MANIFESTS": os.pathsep.join(map(str, manifests)),
    }


@pytest.fixture(scope="session")
def stand_in(teams: Path) -> Path:
    """A copy of a compiled team; each case replaces its scheduler.yaml."""
    folder = teams.parent / "malformed"
    shutil.copytree(teams / "playground", folder / "playground", symlinks=True)
    shutil.copy(teams / "platform.yaml", folder)
    return folder


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_scheduler_yaml_is_reported(case, stand_in, golden, monkeypatch):
    shutil.copy(INTEGRATION / "malformed" / case / "scheduler.yaml", stand_in / "playground")
    monkeypatch.chdir(stand_in)
    done = CliRunner().invoke(main, ["check", "playground", "--registry", str(REGISTRY)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    golden(INTEGRATION / "malformed" / case / "expected.txt", f"{done.output}exit code {done.exit_code}\n")
