"""Written files: the same bytes for the same input, whole files, and no files of teams that are not loaded."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build import World, data_test, ephemeral, manifest, node, source
from dbt_scheduler import files
from dbt_scheduler.compiler import writing
from dbt_scheduler.compiler.specs import compile_team
from dbt_scheduler.compiler.writing import write_output
from dbt_scheduler.findings.finding import CannotRunError

DAILY = ["daily"]


def write(world: World, out) -> dict[str, bytes]:
    workspace = world.open()
    write_output(out, [compile_team(team, workspace, "../shop") for team in workspace.teams])
    return read(out)


def read(out) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def refused(world: World, out) -> str:
    with pytest.raises(CannotRunError) as refusal:
        write(world, out)
    (finding,) = refusal.value.findings
    return world.shown(finding)


def test_files(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=["hourly", "daily"]), text="dag_prefix: s")
    written = write(world, tmp_path / "out")
    assert sorted(written) == [
        "dags/dbt_scheduler_resume.py",
        "dags/s_daily.json",
        "dags/s_daily.py",
        "dags/s_hourly.json",
        "dags/s_hourly.py",
        "registry/shop.json",
    ]
    spec = json.loads(written["dags/s_daily.json"])
    assert list(spec) == sorted(spec)
    assert spec["dag_id"] == "s_daily"
    assert written["dags/s_daily.py"].decode().endswith("\ndag = load_dag(__file__)\n")
    assert list(json.loads(written["registry/shop.json"])) == ["shop"]
    sweep = written["dags/dbt_scheduler_resume.py"].decode()
    assert "airflow_connection='dbt_scheduler_airflow'" in sweep
    assert "registry_url=None" in sweep
    assert all(content.endswith(b"\n") for content in written.values())


def test_a_team_that_schedules_nothing_has_an_entry_and_no_dag(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a"))
    assert list(write(world, tmp_path / "out")) == ["registry/shop.json"]


def test_the_base_of_an_entry_is_written_after_it(tmp_path, monkeypatch):
    """If compile stops between the two, there is a new entry with an old base, which is rejected; never the
    other way round."""
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=DAILY))
    world.team("audit", node("b", pipelines=DAILY))
    written = []
    monkeypatch.setattr(writing, "write_atomically", lambda path, *_, **__: written.append(path.parent.name))
    workspace = world.open()
    compiled = [compile_team(team, workspace, "../shop") for team in workspace.teams]
    write_output(tmp_path / "out", compiled, {"shop": "7"})
    assert written == ["dags"] * 5 + ["registry"] * 2 + ["base"] * 2


def test_what_did_not_change_is_not_written_again(tmp_path, monkeypatch):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=DAILY))
    write(world, tmp_path / "out")
    monkeypatch.setattr(writing, "write_atomically", lambda *_, **__: pytest.fail("written again"))
    write(world, tmp_path / "out")


def test_dags_that_a_team_no_longer_has_are_removed_and_nothing_else(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=["hourly", "daily"]))
    world.team("other", node("a", pipelines=DAILY))
    out = tmp_path / "out"
    write(world, out)
    (out / "dags" / "mine.json").write_text('["no spec"]')
    (out / "dags" / "garbage.json").write_bytes(b"\xff\xfe")
    (out / "dags" / "folder.json").mkdir()
    (out / "dags" / "hand_written.py").write_text("dag")
    del world._folders["other"]
    world.team("shop", node("a", pipelines=DAILY))
    assert sorted(write(world, out)) == [
        "dags/dbt_scheduler_resume.py",
        "dags/garbage.json",
        "dags/hand_written.py",
        "dags/mine.json",
        "dags/other_daily.json",
        "dags/other_daily.py",
        "dags/shop_daily.json",
        "dags/shop_daily.py",
        "registry/other.json",
        "registry/shop.json",
    ]


def shop_and_audit(folder, **audit) -> tuple[World, World]:
    """Two teams that are compiled by two commands; nothing is published."""
    worlds = []
    for name, words in (("shop", {}), ("audit", audit)):
        (folder / name).mkdir()
        world = World(folder / name)
        world.team(words.pop("team", name), node("a", pipelines=["hourly", "daily"]), **words)
        worlds.append(world)
    return worlds[0], worlds[1]


def test_a_second_compile_into_one_folder_does_not_take_another_teams_dag_files(tmp_path):
    shop, audit = shop_and_audit(tmp_path, text="dag_prefix: shop")
    out = tmp_path / "out"
    before = write(shop, out)
    with pytest.raises(CannotRunError) as refusal:
        write(audit, out)
    hint = "set a different dag_prefix in scheduler.yaml; if team shop was renamed, remove this file"
    assert [shop.shown(finding).replace(f"{tmp_path}/", "") for finding in refusal.value.findings] == [
        f'out/dags/shop_{pipeline}.json: SCH310 dag_id "shop_{pipeline}" is used by team audit and by team shop | {hint}'
        for pipeline in ("daily", "hourly")
    ]
    assert read(out) == before


def test_another_project_of_the_same_team_does_not_take_its_entry(tmp_path):
    shop, other = shop_and_audit(tmp_path, team="shop", project="mallory")
    before = write(shop, tmp_path / "out")
    assert refused(other, tmp_path / "out").replace(f"{tmp_path}/", "") == (
        'out/registry/shop.json: SCH318 team "shop" was published by the dbt project "shop", and this project is "mallory"'
        " | set a different `team` in scheduler.yaml; if the project was renamed, remove this file"
    )
    assert read(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["shop_daily.py", "shop_daily.json", "dbt_scheduler_resume.py"])
def test_a_hand_written_file_stays(tmp_path, name):
    shop, _ = shop_and_audit(tmp_path)
    file = tmp_path / "out" / "dags" / name
    file.parent.mkdir(parents=True)
    file.write_text('"an Airflow dag"')
    assert refused(shop, tmp_path / "out").replace(f"{tmp_path}/", "") == (
        f"out/dags/{name}: SCH407 the output cannot be written: this file was not written by dbt-scheduler"
        " | move the file, or compile to another folder"
    )
    assert read(tmp_path / "out") == {f"dags/{name}": b'"an Airflow dag"'}


def overtaken_by(world: World, out, monkeypatch):
    """The other compile found no conflict; this one writes before it does."""
    write_new = writing.write_atomically

    def overtaken(*arguments, **words):
        monkeypatch.setattr(writing, "write_atomically", write_new)
        write(world, out)
        write_new(*arguments, **words)

    monkeypatch.setattr(writing, "write_atomically", overtaken)


def test_of_two_compiles_at_once_the_first_keeps_the_dag(tmp_path, monkeypatch):
    shop, audit = shop_and_audit(tmp_path, text="dag_prefix: shop")
    out = tmp_path / "out"
    overtaken_by(shop, out, monkeypatch)
    assert 'SCH310 dag_id "shop_daily" is used by team audit and by team shop' in refused(audit, out)
    assert json.loads(read(out)["dags/shop_daily.json"])["team"] == "shop"
    assert "registry/audit.json" not in read(out)


def test_without_hard_links_files_are_whole_all_the_same(tmp_path, monkeypatch):
    def unsupported(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(files.Path, "hardlink_to", unsupported)
    shop, audit = shop_and_audit(tmp_path)
    out = tmp_path / "out"
    overtaken_by(shop, out, monkeypatch)
    written = write(audit, out)
    assert {json.loads(written[f"dags/{team}_daily.json"])["team"] for team in ("shop", "audit")} == {
        "shop",
        "audit",
    }


def test_teams_that_are_compiled_together_may_hand_over_a_dag(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=DAILY))
    world.team("audit", node("b", pipelines=DAILY))
    write(world, tmp_path / "out")
    world.team("shop", node("a", pipelines=DAILY), text="dag_prefix: s")
    world.team("audit", node("b", pipelines=DAILY), text="dag_prefix: shop")
    written = write(world, tmp_path / "out")
    owners = {
        path: json.loads(text)["team"]
        for path, text in written.items()
        if path.startswith("dags/") and path.endswith("json")
    }
    assert owners == {"dags/s_daily.json": "shop", "dags/shop_daily.json": "audit"}


def test_a_file_where_the_folder_should_be(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=DAILY))
    (tmp_path / "out").write_text("in the way")
    assert refused(world, tmp_path / "out") == (
        "out/dags: SCH407 the output cannot be written: not a directory"
        " | choose another folder, or check the permissions of this one"
    )
    assert (tmp_path / "out").read_text() == "in the way"


def test_a_folder_where_a_file_should_be(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=DAILY))
    (tmp_path / "out" / "dags" / "dbt_scheduler_resume.py").mkdir(parents=True)
    assert (
        refused(world, tmp_path / "out")
        .split(" | ")[0]
        .endswith("SCH407 the output cannot be written: is a directory")
    )
    assert list(read(tmp_path / "out")) == []


def test_an_interrupted_write_leaves_every_file_whole(tmp_path, monkeypatch):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=DAILY))
    out = tmp_path / "out"
    before = write(world, out)
    world.team("shop", node("a", pipelines=DAILY), node("b", "a", pipelines=DAILY))

    def interrupted(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", interrupted)
    assert "SCH407 the output cannot be written: no space left on device" in refused(world, out)
    assert read(out) == before


ITEMS = (
    source("raw.events"),
    source("shipping.fct", file="models/global_assets/g.yml"),
    *(node(name, pipelines=["hourly", "daily"]) for name in "abc"),
    ephemeral("e", "a", "b", "raw.events", "shipping.fct"),
    node("m", "e", "c", pipelines=DAILY),
    node("n", "e", "m", pipelines=["weekly"], dependencies={"m": "soft", "fct": "no_wait"}),
    data_test("t_1", "a", "b"),
    data_test("t_2", "m", "c"),
    data_test("t_3", "m"),
    node("dim", version=1, latest_version=2, pipelines=DAILY),
    node("dim", "m", version=2, latest_version=2, pipelines=DAILY),
)


@settings(max_examples=12, deadline=None)
@given(st.permutations(ITEMS), st.integers())
def test_the_order_of_the_manifest_changes_no_byte(tmp_path_factory, items, seed):
    folder = tmp_path_factory.mktemp("order")
    text = (
        "tasks: [{kind: universal, name: load, command: x, conditions: [a, dim], assets: [events]}]\n"
        "exposed_assets: [{regex: '.*'}]\n"
    )
    found = []
    for ordered in (ITEMS, items):
        world = World(folder)
        world.team("shop", *ordered, text=text)
        world.team("shipping", node("fct", pipelines=["hourly"]), text="exposed_assets: [{regex: fct}]")
        shuffled = manifest(*ordered)
        for node_ in shuffled["nodes"].values():
            random.Random(seed).shuffle(node_["depends_on"]["nodes"])  # noqa: S311
        (folder / "shop" / "target" / "manifest.json").write_text(json.dumps(shuffled))
        found.append((write(world, folder / "out"), world.findings()))
    assert found[0] == found[1]
