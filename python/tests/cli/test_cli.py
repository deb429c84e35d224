"""The command line: what it prints to stdout and stderr, and its exit code."""

import json
import os
from pathlib import Path

import pytest

from build import World, node, source
from command import run

DAILY = ["daily"]
WRONG = node("a", pipelines=["dayly"])
WARNED = (node("table"), node("z", "table", pipelines=DAILY))


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    return World(Path())


def test_check_of_what_is_clean(world):
    world.team("shop", node("a", pipelines=DAILY))
    result = run("check", "shop")
    assert (result.stdout, result.stderr) == ("no findings\n", "")


def test_check_of_what_is_not(world):
    world.team("shop", WRONG, *WARNED)
    result = run("check", "shop", code=1)
    assert result.stdout == (
        'shop/models/marts/a.sql: SCH102 "a" is assigned to the unknown pipeline "dayly"\n'
        '  hint: did you mean "daily"?\n'
        'shop/models/marts/z.sql: SCH105 (warning) "z" reads the model "table", which no pipeline runs\n'
        '  hint: add pipelines to "table"\n'
        "1 error, 1 warning\n"
    )
    assert result.stderr == ""


def test_check_for_a_program(world):
    world.team("shop", WRONG)
    assert json.loads(run("check", "shop", "--format", "json", code=1).stdout) == [
        {
            "code": "SCH102",
            "severity": "error",
            "path": "shop/models/marts/a.sql",
            "line": 0,
            "message": '"a" is assigned to the unknown pipeline "dayly"',
            "hint": 'did you mean "daily"?',
            "subject": "a",
            "team": "shop",
        }
    ]


def test_check_for_a_pull_request(world):
    folder = world.team("shop", WRONG, text="exposed_assets: [{regex: 'x,%'}]")
    assert folder.is_dir()
    assert run("check", "shop", "--format", "github", code=1).stdout == (
        '::error file=shop/models/marts/a.sql,title=SCH102::"a" is assigned to the unknown pipeline "dayly"%0A'
        'hint: did you mean "daily"?\n'
        '::error file=shop/scheduler.yaml,line=3,title=SCH211::regex "x,%25" does not match any asset of this team%0A'
        "hint: the regex must match the full name; the first entry that matches an asset applies\n"
    )


def test_warnings_count_with_strict(world):
    world.team("shop", *WARNED)
    run("check", "shop")
    run("check", "shop", "--strict", code=1)
    assert run("compile", "shop", "--out", "out", "--strict", code=1).stderr.endswith(
        "1 warning\nnothing was written\n"
    )
    assert not Path("out").exists()
    run("compile", "shop", "--out", "out")
    assert Path("out/dags/shop_daily.json").is_file()


def test_compile(world):
    world.team("shop", node("a", pipelines=["daily"]), node("b", "a", pipelines=["weekly"]))
    result = run("compile", "shop", "--out", "out")
    assert (result.stdout, result.stderr) == ("", "2 DAGs, 2 tasks, 1 sensor, 2 assets written to out\n")
    spec = json.loads(Path("out/dags/shop_daily.json").read_text())
    assert spec["tasks"][0]["arguments"]["cwd"] == "../../shop"


def test_compile_writes_nothing_when_there_are_errors(world):
    world.team("shop", node("a", pipelines=DAILY))
    run("compile", "shop", "--out", "out")
    before = {path: path.read_bytes() for path in Path("out").rglob("*.*")}
    world.team("shop", WRONG)
    result = run("compile", "shop", "--out", "out", code=1)
    assert result.stdout == ""
    assert result.stderr.endswith("1 error\nnothing was written\n")
    assert {path: path.read_bytes() for path in Path("out").rglob("*.*")} == before


def test_teams_that_are_compiled_together_see_each_other(world):
    world.team("shop", source("shipping.fct", file="models/global_assets/g.yml"))
    world.team("shipping", node("fct", pipelines=DAILY), text="exposed_assets: [{regex: fct}]")
    run("check", "shop", "shipping")
    assert "SCH315" in run("check", "shop", code=1).stdout
    run("compile", "shipping", "--out", "out")
    run("check", "shop", "--registry", "out/registry")
    run("compile", "shop", "--out", "out")


def test_a_manifest_of_ones_own(world):
    world.team("shop", node("a", pipelines=DAILY))
    Path("shop/target/manifest.json").rename("m.json")
    run("check", "shop", "--manifest", "m.json")
    run("check", "shop", "shop", "--manifest", "m.json", code=2)


def test_a_project_without_scheduler_yaml(world):
    world.team("shop", node("a", pipelines=DAILY))
    Path("shop/scheduler.yaml").unlink()
    run("compile", "shop", "--out", "out")
    assert Path("out/dags/shop_daily.json").is_file()


def test_the_folder_at_hand_is_the_default(world, monkeypatch):
    monkeypatch.chdir(world.team("shop", node("a", pipelines=DAILY)))
    assert run("check").stdout == "no findings\n"


def test_export(world, monkeypatch):
    world.team("shop", node("a", pipelines=DAILY))
    run("compile", "shop", "--out", "out")
    monkeypatch.chdir("shop")
    result = run("registry", "export", "--dbt-package", "pkg", "--registry", "../out/registry")
    assert (result.stdout, result.stderr) == ("", "1 team written to pkg\n")
    assert '"team":"shop"' in Path("pkg/macros/snapshot.sql").read_text()


MISSING = "warning: the registry file://nowhere does not exist yet: other teams' assets are unknown\n"
NO_TEAMS = "warning: the registry file://empty is empty: other teams' assets are unknown\n"


@pytest.mark.parametrize(("url", "warning"), [("nowhere", MISSING), ("empty", NO_TEAMS)])
def test_a_registry_with_nothing_in_it_is_reported(world, url, warning):
    """The URL may be misspelled."""
    Path("empty").mkdir()
    world.team("shop", source("raw.orders"), node("a", "raw.orders", pipelines=DAILY))
    run("compile", "shop", "--out", "base")
    named = ("--registry", url)

    def said(*arguments: str) -> str:
        return run(*arguments, *named).stderr.replace(f"{Path().resolve()}/", "")

    assert said("check", "shop") == warning
    assert said("compile", "shop", "--out", "out") == (
        f"{warning}1 DAG, 1 task, 0 sensors, 1 asset written to out\n"
    )
    assert said("report", "base", "out") == warning
    assert said("registry", "export", "--dbt-package", "pkg") == f"{warning}0 teams written to pkg\n"
    world.team("ants", node("b", pipelines=DAILY))
    assert said("adopt", "shop", "ants", "--out", "proposal").startswith(warning)


def test_a_registry_that_a_team_has_no_use_for_is_not_missed(world):
    world.team("shop", node("a", pipelines=DAILY))
    for command in (("check", "shop"), ("compile", "shop", "--out", "out")):
        assert "registry" not in run(*command, "--registry", "nowhere").stderr


def test_the_registry_below_the_output_is_not_missed(world):
    world.team("shop", node("a", pipelines=DAILY))
    assert run("compile", "shop", "--out", "out").stderr.startswith("1 DAG, ")


LOOKUPS = [("list",), ("show", "a"), ("consumers", "a"), ("producers", "shop")]


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_nothing_is_looked_up_where_there_is_no_registry(world, lookup):
    result = run("registry", *lookup, "--registry", "nowhere", code=2)
    assert result.stderr.replace(f"{Path().resolve()}/", "") == (
        "file://nowhere: SCH423 the registry does not exist yet\n"
        "  hint: check the URL; the first `dbt-scheduler publish` creates the registry\n"
        "1 error\n"
    )


def test_a_registry_without_teams_is_looked_up(world):
    Path("empty").mkdir()
    result = run("registry", "list", "--registry", "empty")
    assert result.stderr.replace(f"{Path().resolve()}/", "") == NO_TEAMS


def test_an_unreadable_team_is_reported_and_not_called_missing(world):
    """In the project, and in the package for the macros."""
    world.team(
        "shop",
        source("shipping.fct", file="models/global_assets/g.yml"),
        node("a", "shipping.fct", pipelines=DAILY),
    )
    Path("registry").mkdir()
    Path("registry/shipping.json").write_text("{")
    unreadable = (
        'registry/shipping.json: SCH409 the registry entry of team "shipping" cannot be read: it is truncated\n'
        "  hint: that team's next publish replaces the entry\n1 error\n"
    )
    named = ("--registry", "registry")
    here = f"{Path().resolve()}/"
    assert run("check", "shop", *named, code=1).stdout.replace(here, "") == unreadable
    exported = run("registry", "export", "--dbt-package", "pkg", *named)
    assert exported.stderr.replace(here, "") == f"{unreadable}0 teams written to pkg\n"
    assert '"unreadable":["shipping"]' in Path("pkg/macros/snapshot.sql").read_text()


@pytest.mark.parametrize(
    ("table", "stops"),
    [("raw.fct", False), ("audit.log", False), ("global_assets.log", False), ("global_assets.other", True)],
)
def test_a_damaged_entry_does_not_block_teams_that_do_not_read_it(world, table, stops):
    world.team(
        "audit", node("log", pipelines=DAILY), text='exposed_assets: [{regex: "log"}]', project="audit"
    )
    run("compile", "audit", "--out", "audit_out", "--registry", "registry")
    run("publish", "audit_out", "--registry", "registry")
    Path("registry/evil.json").write_text("{")
    file = "models/sources.yml" if table == "raw.fct" else "models/global_assets/g.yml"
    world.team("shop", source(table, file=file), node("a", table, pipelines=DAILY))
    shown = run("check", "shop", "--strict", "--registry", "registry", code=int(stops)).stdout
    assert f'SCH409 {"" if stops else "(note) "}the registry entry of team "evil" cannot be read' in shown


def test_a_scheduler_yaml_that_is_a_link_out_of_the_project_is_not_read(world):
    """Findings quote the contents of the file."""
    folder = world.team("shop", node("a", pipelines=DAILY))
    Path("secret").write_text("version: hunter2\n")
    (folder / "scheduler.yaml").unlink()
    (folder / "scheduler.yaml").symlink_to("../secret")
    result = run("check", "shop", code=2)
    assert (
        "scheduler.yaml: SCH402 the file cannot be read: it is a symlink to a file outside the project"
        in result.stderr
    )
    assert "hunter2" not in result.output


def test_a_manifest_that_is_a_link_to_a_device_ends(world):
    folder = world.team("shop", node("a", pipelines=DAILY))
    (folder / "target/manifest.json").unlink()
    (folder / "target/manifest.json").symlink_to("/dev/zero")
    assert (
        "manifest.json: SCH402 the file cannot be read: not a regular file"
        in run("check", "shop", code=2).stderr
    )


def _no_folder():
    return ("nowhere",)


def _no_project():
    Path("empty").mkdir()
    return ("empty",)


def _no_manifest():
    Path("shop/target/manifest.json").unlink()
    return ("shop",)


def _half_a_manifest():
    Path("shop/target/manifest.json").write_text('{"metadata": {')
    return ("shop",)


def _bad_yaml():
    Path("shop/scheduler.yaml").write_text("version: 0.17\ntasks: [\n")
    return ("shop",)


def _other_version():
    Path("shop/scheduler.yaml").write_text("version: 0.18\n")
    return ("shop",)


def _bad_platform():
    Path("platform.yaml").write_text("version: 1\npipelines: {daily: {cron: x}}\n")
    return ("shop",)


def _missing_platform():
    return ("shop", "--platform", "nowhere.yaml")


def _registry_of_no_scheme():
    return ("shop", "--registry", "ftp://host/folder")


def _registry_that_is_a_file():
    return ("shop", "--registry", "platform.yaml")


def _project_that_is_a_pipe():
    path = Path("shop/dbt_project.yml")
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return ("shop",)


CASES = [
    (_no_folder, "SCH408"),
    (_no_project, "SCH408 not a dbt project: no dbt_project.yml found in this folder"),
    (_project_that_is_a_pipe, "SCH408 not a dbt project: dbt_project.yml is not a file"),
    (_no_manifest, "SCH401"),
    (_half_a_manifest, "SCH402"),
    (_bad_yaml, "SCH404"),
    (_other_version, "SCH202"),
    (_bad_platform, "SCH406"),
    (_missing_platform, "SCH401"),
    (_registry_of_no_scheme, "SCH4"),
    (_registry_that_is_a_file, "SCH4"),
]


@pytest.mark.parametrize("command", ["check", "compile"])
@pytest.mark.parametrize(("spoil", "code"), CASES)
def test_errors_are_printed_on_stderr_with_exit_code_2(world, command, spoil, code):
    world.team("shop", node("a", pipelines=DAILY))
    arguments = (*spoil(), *(("--out", "made") if command == "compile" else ()))
    result = run(command, *arguments, code=2)
    assert result.stdout == ""
    assert code in result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("made").exists()


def test_a_config_with_another_ending_is_not_skipped_silently(world):
    world.team("shop", node("a", pipelines=DAILY))
    Path("shop/scheduler.yml").write_text("version: 0.17\n")
    where = f"{Path('shop/scheduler.yml')}: SCH227 this file is not read: it has to be named scheduler.yaml\n"
    assert (
        f"{where}  hint: move its contents to scheduler.yaml, and delete it\n"
        in run("check", "shop", code=1).stdout
    )
    Path("shop/scheduler.yaml").unlink()
    assert f"{where}  hint: rename it to scheduler.yaml\n" in run("check", "shop", code=1).stdout


def test_every_folder_that_cannot_be_read_is_reported_at_once(world):
    world.team("one", node("a"))
    world.team("two", node("a"))
    for team in ("one", "two"):
        Path(team, "target", "manifest.json").unlink()
    assert run("check", "one", "two", code=2).stderr == (
        "one/target/manifest.json: SCH401 the file does not exist\n"
        "  hint: run `dbt compile` in the project, or set the path with --manifest\n"
        "two/target/manifest.json: SCH401 the file does not exist\n"
        "  hint: run `dbt compile` in the project, or set the path with --manifest\n"
        "2 errors\n"
    )


def test_a_folder_that_cannot_be_written(world):
    world.team("shop", node("a", pipelines=DAILY))
    Path("out").mkdir()
    Path("out/dags").write_text("in the way")
    assert run("compile", "shop", "--out", "out", code=2).stderr == (
        "out/dags: SCH407 the output cannot be written: file exists\n"
        "  hint: choose another folder, or check the permissions of this one\n"
        "1 error\n"
    )
    assert "'out/dags' is a file" in run("compile", "shop", "--out", "out/dags", code=2).stderr


def test_the_export_into_a_file(world):
    Path("pkg").write_text("in the way")
    assert "'pkg' is a file" in run("registry", "export", "--dbt-package", "pkg", code=2).stderr
    assert run("registry", "export", "--dbt-package", "pkg/below", code=2).stderr == (
        "pkg/below: SCH407 the output cannot be written: not a directory\n"
        "  hint: choose another folder, or check the permissions of this one\n"
        "1 error\n"
    )


def test_a_folder_that_is_named_twice_counts_once(world):
    world.team("shop", node("a", pipelines=DAILY))
    run("check", "shop", "shop/")


def test_the_version_and_an_unknown_command():
    assert run("--version").stdout.startswith("dbt-scheduler, version ")
    run("chek", code=2)
