"""``adopt``: what it finds and proposes, and that the proposal works."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import command
from build import World, data_test, ephemeral, manifest, node, seed, source
from dbt_projects import ManyProjects
from dbt_scheduler.adopt.blocks import cut, lost_comments
from dbt_scheduler.adopt.calls import Ref, SourceCalls, find_calls, replace_calls
from dbt_scheduler.adopt.declarations import without_tables
from dbt_scheduler.adopt.exposing import AssetToExpose, with_exposed
from dbt_scheduler.adopt.files import read_files
from dbt_scheduler.adopt.writing import render_patch
from dbt_scheduler.cli import main
from goldens import INTEGRATION, copy_projects, read_tree, run

FOLDER = INTEGRATION / "adopt"
TEAMS = ("ants", "bees", "wasps")
HIDDEN = ("SCH306", "SCH307")


# # Real projects, before and after


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory, many_projects: ManyProjects) -> Path:
    """The example projects as they are in ``before``, and with their patches in ``after``."""
    folder = tmp_path_factory.mktemp("adopt")
    copy_projects(FOLDER, folder / "before")
    for team in TEAMS:
        many_projects.run("compile", folder / "before" / team, profiles=folder / "before" / team)
    (folder / "summary.txt").write_text(
        run("dbt-scheduler", "adopt", *TEAMS, "--out", "../proposal", cwd=folder / "before")
    )
    copy_projects(folder / "before", folder / "after")
    for team in TEAMS:
        apply(folder / "proposal" / team / "adopt.patch", folder / "after" / team)
        many_projects.run("compile", folder / "after" / team, profiles=folder / "after" / team)
    return folder


def apply(patch: Path, folder: Path) -> None:
    subprocess.run(["patch", "-p1", "-s", "-i", patch], cwd=folder, check=True)


def test_the_proposal_is_the_expected_one(adopted, golden):
    golden(FOLDER / "expected_summary.txt", (adopted / "summary.txt").read_text())
    found = read_tree(adopted / "proposal")
    for path, text in found.items():
        golden(FOLDER / "expected" / path, text)
    assert sorted(found) == sorted(read_tree(FOLDER / "expected"))


def test_adopt_changes_nothing_in_the_projects(adopted, tmp_path):
    copy_projects(adopted / "before", tmp_path / "now")
    copy_projects(FOLDER, tmp_path / "then")
    assert read_tree(tmp_path / "now") == read_tree(tmp_path / "then")


def test_check_before_and_after(adopted, golden):
    reported = run("dbt-scheduler", "check", *TEAMS, cwd=adopted / "before", expect=1)
    golden(FOLDER / "expected_check_before.txt", reported)
    reported = run("dbt-scheduler", "check", *TEAMS, cwd=adopted / "after", expect=1)
    golden(FOLDER / "expected_check_after.txt", reported)


def test_two_teams_that_have_only_comments_to_move_are_clean_afterwards(adopted):
    reported = run("dbt-scheduler", "check", "ants", "bees", cwd=adopted / "after")
    assert not any(code in reported for code in HIDDEN)
    again = run("dbt-scheduler", "adopt", "ants", "bees", "--out", "../again", cwd=adopted / "after")
    assert again.startswith("no team reads another team's tables as plain sources\n")


def test_what_is_left_afterwards_is_what_the_proposal_leaves_to_people(adopted):
    check = ("check", *TEAMS, "--format", "json")
    left = json.loads(run("dbt-scheduler", *check, cwd=adopted / "after", expect=1))
    wasps = json.loads((adopted / "proposal" / "adopt.json").read_text())["teams"]["wasps"]
    named = {each["source"] for each in (*wasps["by_hand"], *wasps["ambiguous"])}
    read = {each["subject"] for each in left if each["code"] in HIDDEN}
    assert read < named
    (unread,) = (each["message"] for each in left if each["code"] == "SCH323")
    assert f"are declared but not read ({len(named - read)} in total), for example" in unread


@pytest.mark.parametrize("team", TEAMS)
def test_every_model_reads_the_same_relations_as_before(adopted, team):
    before, after = (sql(adopted / when / team) for when in ("before", "after"))
    assert after == before
    assert len(after) > 3


def sql(project: Path) -> dict[str, str]:
    """The compiled SQL of each model; for a Python model, with the relations of its sources."""
    nodes = json.loads((project / "target" / "manifest.json").read_text())["nodes"]
    return {
        id_: relations(each["compiled_code"])
        for id_, each in nodes.items()
        if each["resource_type"] != "test"
    }


def relations(code: str) -> str:
    found = re.search(r"(?m)^    sources = \{.*: (.*)\}$", code)
    return found[1] if found else code


def test_git_applies_the_patches_just_so(adopted, tmp_path):
    copy_projects(adopted / "before", tmp_path / "git")
    for team in TEAMS:
        patch = adopted / "proposal" / team / "adopt.patch"
        subprocess.run(["git", "apply", patch], cwd=tmp_path / "git" / team, check=True)
    copy_projects(adopted / "after", tmp_path / "patch")
    assert read_tree(tmp_path / "git") == read_tree(tmp_path / "patch")


def test_a_second_adopt_writes_the_same_bytes(adopted):
    run("dbt-scheduler", "adopt", *TEAMS, "--out", "../second", cwd=adopted / "before")
    run("dbt-scheduler", "adopt", *reversed(TEAMS), "--out", "../second", cwd=adopted / "before")
    assert read_tree(adopted / "second") == read_tree(adopted / "proposal")


def test_a_team_alone_adopts_against_the_registry(adopted):
    folder = adopted / "before"
    run("dbt-scheduler", "compile", "ants", "bees", "--out", "../out", cwd=adopted / "after")
    reported = run(
        "dbt-scheduler", "adopt", "wasps", "--registry", "../out/registry", "--out", "../alone", cwd=folder
    )
    assert reported.startswith(
        "wasps reads 1 table of ants (2 references)\nwasps reads 2 tables of bees (2 references)\n"
    )
    alone, together = (read_tree(adopted / name / "wasps") for name in ("alone", "proposal"))
    assert alone["adopt.patch"] == together["adopt.patch"]


# # What is found and rejected, on small manifests


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    return World(Path())


def adopt(*arguments: str, out: str = "out", code: int = 0) -> Result:
    return command.run("adopt", *arguments, "--out", out, code=code)


def bare(name: str, *items) -> str:
    """A manifest outside a project."""
    document = manifest(*items)
    document["metadata"]["project_name"] = name
    for part in ("nodes", "sources"):
        document[part] = {id_: {**entry, "package_name": name} for id_, entry in document[part].items()}
    Path(f"{name}.json").write_text(json.dumps(document))
    return f"{name}.json"


def proposed(team: str, out: str = "out") -> dict:
    return json.loads(Path(out, "adopt.json").read_text())["teams"][team]


def by_hand(team: str) -> list[tuple[str, str, str]]:
    return [(each["source"], each["place"], each["what"]) for each in proposed(team)["by_hand"]]


@pytest.mark.parametrize(
    "name",
    ['x") }} {{ run_query("drop") }} {{ ref("a', "{{ env_var('SECRET') }}", "a\nb", "a # b", "a\\", "{%"],
)
def test_a_name_in_another_teams_words_becomes_no_code_of_the_reader(world, name):
    shop = bare("shop", source("raw.t", schema="main", identifier="dim"), node("orders", "raw.t"))
    shipping = bare("shipping", _named(node("dim"), name))
    adopt(shop, shipping)
    written = [path.read_text() for path in Path("out/shop").rglob("*.yml")]
    assert not any("shipping" in text for text in written)
    ((_, _, what),) = by_hand("shop")
    assert what == ("the name of an asset of team shipping contains special SQL characters: rename it")


def test_a_name_with_backticks_stays_within_its_code(world):
    tables = [source("raw.a`<b>", schema="main", identifier="dim"), source("raw.both", schema="main")]
    shop = bare("shop", *tables, node("orders", "raw.a`<b>", "raw.both"))
    adopt(shop, bare("shipping", node("dim"), node("both")), bare("sales", _named(node("both"), "`x` *y*")))
    text = Path("out/shop/hidden_edges.md").read_text()
    assert '\n- ``source("raw", "a`<b>")`` → `source("shipping", "dim")`\n' in text
    assert "`warehouse.main.both` matches sales.\\`x\\` \\*y\\* and shipping.both: " in text


def test_a_device_that_a_manifest_names_is_not_read(world):
    shop = bare(
        "shop", source("raw.t", schema="main", identifier="dim", file="/dev/zero"), node("orders", "raw.t")
    )
    adopt(shop, bare("shipping", node("dim")))
    Path("shop").mkdir()
    os.mkfifo("shop/pipe.yml")
    assert read_files(Path("shop"), ["/dev/zero", "pipe.yml"]).outside == {}


def _named(item, name: str):
    """A node with a hostile name, which keeps its table."""
    part, entry = item
    return part, entry | {"name": name}


def test_bare_manifests(world):
    shop = bare(
        "shop",
        source("raw.shipments", schema="MAIN", identifier="Fct"),
        source("raw.blind", schema="main", identifier="dim", database=None),
        source("raw.far", schema="main", identifier="dim", database="elsewhere"),
        source("raw.inlined", schema="main"),
        source("raw.unread", schema="main", identifier="dim"),
        source("raw.mine", schema="main", identifier="orders"),
        source("global_assets.dim", schema="main"),
        node("orders", "raw.shipments"),
        node("margins", "raw.shipments", "raw.blind", "raw.mine", "global_assets.dim"),
    )
    shipping = bare("shipping", node("fct"), node("dim", "fct"), ephemeral("inlined"))
    result = adopt(shop, shipping)
    assert result.stdout == (
        "shipping should expose 2 assets\n"
        "shop reads 2 tables of shipping (3 references)\n"
        "shop reads 1 table of its own through source() (1 reference)\n"
        "shop declares 1 table that are built by a team but not read by any node\n"
    )
    assert result.stderr == "4 files for review written to out\n"
    assert Path("out/shop/models/global_assets/global_sources.yml").read_text() == (
        "# Other teams' tables that this project reads, as proposed by `dbt-scheduler adopt`.\n"
        "sources:\n"
        "  - name: shipping\n"
        "    schema: main\n"
        "    tables:\n"
        "      - name: dim\n"
        "  - name: shipping\n"
        "    database: warehouse\n"
        "    schema: MAIN\n"
        "    tables:\n"
        "      - name: fct\n"
        "        identifier: Fct\n"
    )
    assert Path("out/shop/hidden_edges.md").read_text() == (
        "# Hidden edges of team shop\n"
        "\n"
        "## Tables of other teams\n"
        "\n"
        '- `source("raw", "blind")` → `source("shipping", "dim")`\n'
        '  - `main.dim` is the asset "dim" of team shipping, which no pipeline builds yet\n'
        "  - read by models/marts/margins.sql\n"
        '- `source("raw", "shipments")` → `source("shipping", "fct")`\n'
        '  - `warehouse.MAIN.Fct` is the asset "fct" of team shipping, which no pipeline builds yet\n'
        "  - read by models/marts/margins.sql\n"
        "  - read by models/marts/orders.sql\n"
        '- `source("raw", "unread")`: not read, so the declaration is removed\n'
        '  - `warehouse.main.dim` is the asset "dim" of team shipping, which no pipeline builds yet\n'
        "\n"
        "## Tables of this project that are declared as sources\n"
        "\n"
        '- `source("raw", "mine")` → `ref("orders")`\n'
        "  - `warehouse.main.orders` is built by this project as model.shop.orders\n"
        "  - read by models/marts/margins.sql\n"
    )
    assert Path("out/shipping/exposed_assets.yaml").read_text() == (
        "exposed_assets:\n"
        "  # read by shop\n"
        '  - regex: "dim" # no pipeline builds it yet\n'
        '  - regex: "fct" # no pipeline builds it yet\n'
    )
    assert Path("out/shipping/hidden_edges.md").read_text() == (
        "# Hidden edges of team shipping\n"
        "\n"
        "## Missing pipelines\n"
        "\n"
        "- `dim`: no pipeline builds it yet, but shop will wait for it\n"
        "- `fct`: no pipeline builds it yet, but shop will wait for it\n"
    )


def test_seeds_snapshots_versions_and_names_that_a_regex_would_read_otherwise(world):
    shop = bare(
        "shop",
        source("raw.s", schema="main", identifier="countries"),
        source("raw.n", schema="main", identifier="history"),
        source("raw.v", schema="main", identifier="dim_v2"),
        source("raw.p", schema="main", identifier="a+b"),
        node("orders", "raw.s", "raw.n", "raw.v", "raw.p"),
    )
    shipping = bare(
        "shipping",
        seed("countries"),
        node("history", kind="snapshot"),
        node("dim", version=2, alias="dim_v2", latest_version=2),
        node("a+b"),
    )
    adopt(shop, shipping)
    assert [read["asset"] for read in proposed("shop")["reads"]] == ["history", "a+b", "countries", "dim_v2"]
    assert "  - regex: 'a\\+b'" in Path("out/shipping/exposed_assets.yaml").read_text()


def test_a_cycle_of_teams_and_an_ambiguous_table(world):
    a = bare("a", source("x.b", schema="main"), source("x.both", schema="main"), node("a", "x.b", "x.both"))
    b = bare("b", source("y.a", schema="main"), node("b", "y.a"), node("both"))
    c = bare("c", node("both"))
    assert adopt(a, b, c).stdout == (
        "a reads 1 table of b (1 reference)\n"
        "a reads 1 table matching several assets\n"
        "a should expose 1 asset\n"
        "b reads 1 table of a (1 reference)\n"
        "b should expose 1 asset\n"
    )
    assert proposed("a")["ambiguous"] == [
        {
            "source": "x.both",
            "relation": "warehouse.main.both",
            "makers": ["b.both", "c.both"],
            "readers": ["models/marts/a.sql"],
        }
    ]


def test_json_matches_the_index(world):
    names = [bare("a", source("x.b", schema="main"), node("a", "x.b")), bare("b", node("b"))]
    assert adopt(*names, "--format", "json").stdout == Path("out/adopt.json").read_text()


def test_what_cannot_be_proposed_is_left_to_people(world):
    world.team(
        "shop",
        source("raw.twice", schema="main"),
        source("raw.taken", schema="main"),
        source("shipping.taken", schema="elsewhere"),
        source("raw.one", schema="main", identifier="dim"),
        source("raw.two", schema="main", identifier="DIM"),
        source("raw.installed", schema="main", package_name="utils"),
        node("orders", "raw.twice", "raw.taken", "raw.one", "raw.two", "raw.installed"),
    )
    twice = [node("twice", package=p, schema=s) for p, s in (("shop", "other"), ("utils", "main"))]
    world.team("shipping", *twice, node("taken"), node("dim"), node("installed"))
    adopt("shop", "shipping")
    reasons = [each for each in by_hand("shop") if not each[1].endswith("orders.sql")]
    in_sources = "models/sources.yml"
    assert reasons == [
        (
            "raw.installed",
            in_sources,
            "it is declared in the installed package utils: change the declaration in that package",
        ),
        ("raw.one", in_sources, "remove it here once nothing reads it"),
        (
            "raw.taken",
            in_sources,
            'the project already has a table source("shipping", "taken"): rename it first',
        ),
        (
            "raw.twice",
            in_sources,
            'the asset name "twice" of team shipping refers to a different node: rename one of the two',
        ),
        (
            "raw.two",
            in_sources,
            "source raw.one declares the same table with a different spelling: merge the two first",
        ),
    ]
    text = Path("out/shop/models/global_assets/global_sources.yml").read_text()
    assert text.count("name:") == 2


def test_projects_that_cannot_be_compared(world):
    one = bare("shop", node("a"))
    Path("old.json").write_text(json.dumps(manifest(version=9)))
    Path("cut.json").write_text('{"metadata"')
    Path("empty").mkdir()
    result = adopt(one, one, "gone.json", "old.json", "cut.json", "empty", bare("../up"), code=2)
    codes = [line.split(" ")[:2] for line in result.stderr.splitlines() if not line.startswith(" ")]
    assert codes[:-1] == [
        ["shop.json:", "SCH313"],
        ["gone.json:", "SCH401"],
        ["old.json:", "SCH403"],
        ["cut.json:", "SCH402"],
        ["empty:", "SCH408"],
        ["../up.json:", "SCH417"],
    ]
    assert not Path("out").exists()


def test_one_project_alone_is_nothing_to_compare(world):
    assert "nothing to compare: specify" in adopt(bare("shop", node("a")), code=2).stderr
    assert "--manifest requires exactly one DIR" in adopt("a", "b", "--manifest", "c", code=2).stderr
    assert "SCH412" in adopt("shop.json", "--registry", "ftp://x/y", code=2).stderr


def test_the_folder_of_a_proposal_is_its_own(world):
    one = bare("a", source("x.b", schema="main"), node("a", "x.b"))
    two = bare("b", node("b"))
    Path("mine").mkdir()
    Path("mine/notes.md").write_text("mine")
    assert adopt(one, two, out="mine", code=2).stderr == (
        "mine: SCH416 this folder was not written by dbt-scheduler adopt: it contains files, but no adopt.json\n"
        "  hint: specify a folder that is empty or does not exist yet\n"
        "1 error\n"
    )
    assert "SCH407" in adopt(one, two, out="a.json/out", code=2).stderr
    adopt(one, two)
    Path("out/notes.md").write_text("mine")
    adopt(one, bare("b", node("other")))
    assert read_tree(Path("out")) == {"adopt.json": '{\n  "teams": {}\n}\n', "notes.md": "mine"}
    assert sorted(each.name for each in Path("out").iterdir()) == ["adopt.json", "notes.md"]


@pytest.mark.parametrize("link", ["out/a", "out/a/models", "out/a/hidden_edges.md", "out/adopt.json"])
def test_a_proposal_does_not_lead_out_of_its_folder(world, link):
    one, two = bare("a", source("x.b", schema="main"), node("a", "x.b")), bare("b", node("b"))
    adopt(one, two)
    shutil.move(link, "elsewhere")
    Path(link).symlink_to(Path("elsewhere").resolve())
    before = read_tree(Path("elsewhere")) or Path("elsewhere").read_text()
    Path("a.json").write_text(Path("a.json").read_text().replace("x.b", "y.b"))
    stderr = adopt(one, two, code=2).stderr
    assert stderr.startswith(
        f"{link}: SCH416 this folder was not written by dbt-scheduler adopt: it is a symlink to a path outside "
    )
    assert "it is a symlink to a path outside out" in stderr
    assert (read_tree(Path("elsewhere")) or Path("elsewhere").read_text()) == before


# What is edited, and what is not


def project(
    world: World, declared: str, sql: str, *items, name: str = "shop", file: str = "models/sources.yml"
) -> None:
    """A team with one model, ``orders``, next to the team shipping, which produces ``fct`` and ``dim``."""
    world.team(name, *items)
    world.file(f"{name}/{file}", declared)
    world.file(f"{name}/models/marts/orders.sql", sql)
    world.team("shipping", node("fct"), node("dim"))


RAW = "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: fct\n"
READ = (source("raw.fct", schema="main"), node("orders", "raw.fct"))


def patched(team: str = "shop") -> dict[str, str]:
    """The project's files as changed by the patch, without its manifest."""
    shutil.copytree(team, "patched", dirs_exist_ok=True)
    apply(Path("out", team, "adopt.patch").resolve(), Path("patched"))
    return {path: text for path, text in read_tree(Path("patched")).items() if not path.startswith("target")}


def test_a_read_is_edited_where_it_is_written(world):
    project(world, RAW, "select 1 from {{ source('raw', 'fct') }}", *READ)
    world.file(
        "shop/models/props.yml", "models:\n  - name: orders\n    description: of source('raw','fct')\n"
    )
    world.file("shop/models/marts/later.py", 'def model(dbt, s):\n    return dbt.source("raw", "fct")\n')
    world.file("shop/models/marts/notes.md", "source('raw', 'fct')")
    adopt("shop", "shipping")
    assert proposed("shop")["by_hand"] == []
    files = patched()
    assert files["models/marts/orders.sql"] == "select 1 from {{ source('shipping', 'fct') }}"
    assert files["models/props.yml"].endswith("of source('shipping','fct')\n")
    assert files["models/marts/later.py"].endswith('dbt.source("shipping", "fct")\n')
    assert files["models/marts/notes.md"] == "source('raw', 'fct')"
    assert "models/sources.yml" not in files
    assert "scheduler.yaml" in files


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "{{ source('raw', name) }}",
            "the arguments of this source() call are not two strings: change it too",
        ),
        (
            "{{ the_table() }}",
            "it reads the table through a macro or a variable: change the call there",
        ),
    ],
)
def test_a_call_that_cannot_be_edited_keeps_its_declaration(world, sql, reason):
    project(world, RAW, sql, *READ)
    adopt("shop", "shipping")
    assert by_hand("shop") == [
        ("raw.fct", "models/marts/orders.sql", reason),
        ("raw.fct", "models/sources.yml:5", "remove it here once nothing reads it"),
    ]
    assert patched()["models/sources.yml"] == RAW


def test_a_call_in_a_macro_is_edited_there(world):
    project(world, RAW, "{{ the_table() }}", *READ)
    world.file("shop/macros/t.sql", "{% macro the_table() %}{{ source('raw', 'fct') }}{% endmacro %}")
    adopt("shop", "shipping")
    assert proposed("shop")["by_hand"] == []
    assert "source('shipping', 'fct')" in patched()["macros/t.sql"]


def test_a_table_that_has_the_right_name_already_only_moves(world):
    declared = RAW.replace("raw", "shipping")
    project(
        world,
        declared,
        "{{ anything }}",
        source("shipping.fct", schema="main"),
        node("orders", "shipping.fct"),
    )
    adopt("shop", "shipping")
    assert proposed("shop")["by_hand"] == []
    assert "the name stays the same, the declaration moves" in Path("out/shop/hidden_edges.md").read_text()
    assert "models/sources.yml" not in patched()


def test_one_that_cannot_move_is_not_declared_twice(world):
    declared = "sources: [{name: shipping, schema: main, tables: [{name: fct}, {name: x}]}]\n"
    project(world, declared, "", source("shipping.fct", schema="main"), node("orders", "shipping.fct"))
    adopt("shop", "shipping")
    assert by_hand("shop") == [
        (
            "shipping.fct",
            "models/sources.yml:1",
            "the name is right, but the file cannot be edited automatically: set `meta: {scheduler: {global_asset: true}}` in the table's config",
        )
    ]
    assert read_tree(Path("out/shop")).keys() == {"hidden_edges.md"}


def test_what_was_said_of_a_table_goes_with_it(world):
    declared = """\
sources:
  - name: raw
    database: "{{ env_var('DB') }}"
    schema: main
    freshness: {warn_after: {count: 1, period: day}}
    tables:
      - name: shipments
        identifier: fct
        description: |
          One line.
          Another's line.
        columns:
          - {name: id, data_tests: [unique]}
      - name: untouched
"""
    item = source(
        "raw.shipments", schema="main", identifier="fct", quoting={"identifier": True, "schema": None}
    )
    project(world, declared, "{{ source('raw', 'shipments') }}", item, node("orders", "raw.shipments"))
    adopt("shop", "shipping")
    files = patched()
    assert (
        files["models/sources.yml"]
        == declared[: declared.index("      - name: ship")] + "      - name: untouched\n"
    )
    assert (
        files["models/global_assets/global_sources.yml"].partition("\n")[2]
        == """\
sources:
  - name: shipping
    database: "{{ env_var('DB') }}"
    schema: main
    tables:
      - name: fct
        quoting:
          identifier: true
        description: |
          One line.
          Another's line.
        columns:
          - name: id
            data_tests:
              - unique
"""
    )
    assert "  - not copied from the source: freshness\n" in Path("out/shop/hidden_edges.md").read_text()


def test_a_file_outside_of_the_project_is_not_edited(world):
    file = "../common/sources.yml"
    items = (source("raw.fct", schema="main", file=file), node("orders", "raw.fct"))
    project(world, RAW.replace("main", "'{{ var(\"s\") }}'"), "{{ source('raw', 'fct') }}", *items, file=file)
    world.file("shop/dbt_project.yml", "name: shop\nmodel-paths: [../common, sql]\n")
    world.file("shop/sql/orders.sql", "{{ source('raw', 'fct') }}")
    adopt("shop", "shipping")
    assert by_hand("shop") == [
        ("raw.fct", "../common/sources.yml:5", "remove it here once nothing reads it"),
        (
            "raw.fct",
            "models/marts/orders.sql",
            "this file is not part of the project: change the call manually",
        ),
    ]
    assert "schema: '{{ var(\"s\") }}'" in Path("out/shop/sql/global_assets/global_sources.yml").read_text()
    assert "+++ b/sql/orders.sql" in Path("out/shop/adopt.patch").read_text()


def test_a_condition_that_names_the_table_is_named(world):
    project(world, RAW, "{{ source('raw', 'fct') }}", *READ)
    tasks = "tasks: [{kind: universal, name: t, pipelines: [daily], conditions: [raw.fct], image: i, command: c}]\n"
    world.team("shop", *READ, text=tasks)
    adopt("shop", "shipping")
    what = 'task "t": change the condition raw.fct to shipping.fct'
    assert by_hand("shop") == [("raw.fct", "scheduler.yaml:3", what)]


def test_an_asset_that_is_exposed_already_is_not_exposed_again(world):
    project(world, RAW, "{{ source('raw', 'fct') }}", *READ)
    world.team("shipping", node("fct"), text="exposed_assets: [{regex: 'f.*'}]\n")
    assert adopt("shop", "shipping").stdout == "shop reads 1 table of shipping (1 reference)\n"


def test_a_table_that_is_declared_already_is_read_there(world):
    there = source("shipping.fct", schema="main", file="models/global_assets/there.yml")
    project(world, RAW, "{{ source('raw', 'fct') }}", *READ, there)
    adopt("shop", "shipping")
    files = patched()
    assert files["models/marts/orders.sql"] == "{{ source('shipping', 'fct') }}"
    assert not [path for path in files if path.startswith("models/global_assets")]


def test_a_table_that_is_declared_twice_is_a_manual_step(world):
    there = source("shipping.fct", schema="main", file="models/global_assets/there.yml")
    project(world, RAW + "        tests: [t]\n", "{{ source('raw', 'fct') }}", *READ, there)
    adopt("shop", "shipping")
    what = 'move its other keys (tests) to the entry of source("shipping", "fct"), then remove it'
    assert by_hand("shop") == [("raw.fct", "models/sources.yml:5", what)]


def test_a_new_file_takes_no_name_that_is_there(world):
    file = "models/global_assets/global_sources.yml"
    project(world, RAW, "{{ source('raw', 'fct') }}", *READ, source("shipping.other", file=file))
    adopt("shop", "shipping")
    assert "models/global_assets/adopted_sources.yml" in proposed("shop")["files"]


def test_calls_in_what_moves_are_replaced_too(world):
    declared = (
        RAW
        + """\
        columns:
          - name: id
            data_tests:
              - relationships: {to: 'source("raw", ''dim'')', field: id}
      - name: dim
"""
    )
    items = (*READ, source("raw.dim", schema="main"), node("more", "raw.dim"))
    project(world, declared, "{{ source('raw', 'fct') }}", *items)
    world.file("shop/models/marts/more.sql", "{{ source('raw', 'dim') }}")
    adopt("shop", "shipping")
    assert "to: source(\"shipping\", 'dim')\n" in patched()["models/global_assets/global_sources.yml"]


def test_a_producer_of_the_registry_is_reported_what_to_expose(world):
    project(world, RAW, "{{ source('raw', 'fct') }}", *READ)
    world.team("shipping", node("fct", pipelines=["daily"]))
    assert CliRunner().invoke(main, ["compile", "shipping", "--out", "compiled"]).exit_code == 0
    said = adopt("shop", "--registry", "compiled/registry").stdout
    assert said == "shipping should expose 1 asset\nshop reads 1 table of shipping (1 reference)\n"
    assert proposed("shipping")["files"] == ["exposed_assets.yaml", "hidden_edges.md"]


def test_own_reads_that_would_create_a_cycle_stay(world):
    sources = (
        source("raw.fct", schema="main", identifier="orders"),
        source("raw.x", schema="main", identifier="later"),
    )
    declared = RAW + "      - name: x\n"
    project(
        world,
        declared,
        "{{ source('raw', 'x') }}",
        *sources,
        node("orders", "raw.x"),
        node("later", "orders"),
        node("other", "raw.fct"),
    )
    world.file("shop/models/marts/other.sql", "{{ source('raw', 'fct') }}")
    adopt("shop", "shipping")
    assert by_hand("shop") == [
        (
            "raw.x",
            "models/marts/orders.sql",
            "the table is built from this node: with ref(), dbt would report a cycle",
        ),
        ("raw.x", "models/sources.yml:6", "remove it here once nothing reads it"),
    ]
    files = patched()
    assert files["models/marts/other.sql"] == "{{ ref('orders') }}"
    assert files["models/marts/orders.sql"] == "{{ source('raw', 'x') }}"


def test_a_packed_manifest_serves_where_there_is_no_other(world):
    import gzip  # noqa: PLC0415

    project(world, RAW, "{{ source('raw', 'fct') }}", *READ)
    plain = Path("shop/target/manifest.json")
    Path("shop/target/manifest.json.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert "shop reads 1 table" in adopt("shop", "shipping").stdout


def test_a_singular_test_is_a_reader_too(world):
    project(world, RAW, "", source("raw.fct", schema="main"), data_test("t", "raw.fct"))
    adopt("shop", "shipping")
    assert proposed("shop")["reads"][0]["readers"] == ["tests/marts/t.sql"]


# # What is listed if nothing can be edited


def exposure(*reads: str, file: str = "models/exp.yml") -> dict:
    """The part of a manifest with an exposure of source tables."""
    entry = {
        "unique_id": "exposure.shop.board",
        "package_name": "shop",
        "original_file_path": file,
        "depends_on": {"nodes": [f"source.shop.{read}" for read in reads]},
    }
    return {"exposures": {entry["unique_id"]: entry}}


@pytest.mark.parametrize(
    "project_yml",
    [
        "on-run-start: \"select 1 from {{ source('raw', 'fct') }}\"\n",
        "models:\n  +post-hook: \"select 1 from {{ source('raw', 'fct') }}\"\n",
        "vars:\n  table: \"{{ source('raw', 'fct') }}\"\n",
    ],
)
@pytest.mark.parametrize("sql", ["{{ source('raw', 'fct') }}", "{{ var('table') }}"])
def test_dbt_project_yml_is_edited_too(world, project_yml, sql):
    hook = node("hook", "raw.fct", kind="operation")
    hook[1]["original_file_path"] = "./dbt_project.yml"
    project(world, RAW, sql, *READ, hook)
    world.file("shop/dbt_project.yml", f"name: shop\n{project_yml}")
    adopt("shop", "shipping")
    assert by_hand("shop") == []
    files = patched()
    assert files["dbt_project.yml"] == f"name: shop\n{project_yml}".replace("raw", "shipping")
    assert "models/sources.yml" not in files


ESCAPED = (
    '"source(\\"raw\\", \\"fct\\")"',
    "'source(''raw'', ''fct'')'",
    "\"source('raw',\\\n      'fct')\"",
)


@pytest.mark.parametrize("call", ESCAPED)
@pytest.mark.parametrize("items", [READ, READ[:1]], ids=["read", "unread"])
def test_a_call_in_escaped_quotes_keeps_the_declaration(world, call, items):
    project(world, RAW, "{{ source('raw', 'fct') }}" if items == READ else "", *items)
    tests = f"# source('raw', 'fct')\nunit_tests:\n  - given:\n    - input: {call}\n"
    world.file("shop/models/tests.yml", tests)
    adopt("shop", "shipping")
    assert by_hand("shop") == [
        ("raw.fct", "models/sources.yml:5", "remove it here once nothing reads it"),
        (
            "raw.fct",
            "models/tests.yml:4",
            "this source() call cannot be edited automatically: change it manually",
        ),
    ]
    assert patched()["models/sources.yml"] == RAW


def test_an_exposure_is_a_reader(world):
    project(world, RAW + "      - name: dim\n", "", READ[0], source("raw.dim", schema="main"))
    depends = "- source('raw', 'fct')\n      - source('raw', var('x'))\n"
    text = f"exposures:\n  - name: board\n    depends_on:\n      {depends}"
    world.file("shop/models/exp.yml", text)
    whole = manifest(READ[0], source("raw.dim", schema="main"), **exposure("raw.fct", "raw.dim"))
    world.file("shop/target/manifest.json", json.dumps(whole))
    assert (
        adopt("shop", "shipping").stdout.splitlines()[1] == "shop reads 2 tables of shipping (2 references)"
    )
    what = "the arguments of this source() call are not two strings: change it too"
    assert [each for each in by_hand("shop") if each[2] == what] == [
        ("raw.dim", "models/exp.yml", what),
        ("raw.fct", "models/exp.yml", what),
    ]
    assert patched()["models/sources.yml"] == RAW + "      - name: dim\n"


@pytest.mark.parametrize("name", ["tab\tx", 'quo"te', "back\\slash", "line\nfeed"])
def test_a_file_name_that_is_invalid_in_a_patch_is_a_manual_step(world, name):
    project(world, RAW, "{{ source('raw', 'fct') }}", *READ)
    world.file(f"shop/models/{name}.sql", "{{ source('raw', 'fct') }}")
    adopt("shop", "shipping")
    assert sorted(by_hand("shop"), key=lambda each: "sources" in each[1]) == [
        ("raw.fct", f"models/{name}.sql", "the patch cannot include this file: change the call manually"),
        ("raw.fct", "models/sources.yml:5", "remove it here once nothing reads it"),
    ]
    assert patched()["models/marts/orders.sql"] == "{{ source('shipping', 'fct') }}"


def test_a_file_name_that_is_invalid_in_a_patch_keeps_its_declarations(world):
    file = "models/tab\tx.yml"
    items = (source("raw.fct", schema="main", file=file), READ[1])
    project(world, RAW, "{{ source('raw', 'fct') }}", *items, file=file)
    adopt("shop", "shipping")
    assert by_hand("shop") == [("raw.fct", f"{file}:5", "remove it: the file cannot be edited automatically")]
    assert patched()[file] == RAW


# # What is cut and not moved


def test_comments_that_go_are_listed(world):
    declared = """\
sources:
  # raw things
  - name: raw
    schema: main
    tables:
      # fct is of Bob,
      # and of Ann
      - name: fct # ours
        description: "#1 of { }" # said of it
        columns:
          - name: id
            description: |
              # no comment

      # dim stays
      - name: keep
"""
    project(world, declared, "{{ source('raw', 'fct') }}", *READ)
    adopt("shop", "shipping")
    assert by_hand("shop") == [
        (
            "",
            "models/sources.yml:6",
            "the patch removes a comment; move it to the right place: # fct is of Bob, # and of Ann # ours # said of it",
        )
    ]
    kept = declared[: declared.index("      # fct is")] + declared[declared.index("\n      # dim stays") :]
    assert patched()["models/sources.yml"] == kept


def test_properties_that_are_not_moved_are_listed(world):
    declared = """\
sources:
  - name: raw
    description: the raw zone
    schema: main
    loader: bob
    tables:
      - name: fct
        description: of facts
      - name: mine
        identifier: orders
        description: of orders
      - name: dim
        description: of nothing
        columns: [{name: id}]
"""
    sources = (source("raw.mine", schema="main", identifier="orders"), source("raw.dim", schema="main"))
    project(world, declared, "{{ source('raw', 'fct') }}", *READ, *sources, node("other", "raw.mine"))
    world.file("shop/models/marts/other.sql", "{{ source('raw', 'mine') }}")
    adopt("shop", "shipping")
    assert by_hand("shop") == []
    reported = Path("out/shop/hidden_edges.md").read_text()
    assert re.findall(r"- `source.*|  - not copied.*", reported) == [
        '- `source("raw", "dim")`: not read, so the declaration is removed',
        "  - not copied from the source: description, loader",
        "  - not copied from the table: description, columns",
        '- `source("raw", "fct")` → `source("shipping", "fct")`',
        "  - not copied from the source: description, loader",
        '- `source("raw", "mine")` → `ref("orders")`',
        "  - not copied from the source: description, loader",
        "  - not copied from the table: description",
    ]
    assert "models/sources.yml" not in patched()


# Declarations that several projects share


SHARED = {
    "shared/s.yml": """\
sources:
  - name: out
    schema: main
    tables: [{name: honey}, {name: wax}, {name: unused}, {name: unused_too}]
  - name: raw
    tables: [{name: blocks}]
""",
    "shared_macros/m.sql": "{% macro honey() %}(select * from {{ source('out', 'honey') }}){% endmacro %}",
    **{f"ants/models/{name}.sql": "select 1 as id" for name in ("honey", "wax", "unused", "unused_too")},
    "bees/models/spaced.sql": "select * from {{ source ('out', 'wax') }}",
    "bees/models/via_macro.sql": "{% set t = 'blocks' %}select * from {{ source('raw', t) }} join {{ honey() }} using (id)",
}
SHARING = """\
name: {team}
profile: p
model-paths: [models, ../shared]
macro-paths: [macros, ../shared_macros]
models:
  +meta: {{scheduler_defaults: {{pipelines: [daily]}}}}
"""


@pytest.fixture(scope="module")
def sharing(
    tmp_path_factory: pytest.TempPathFactory, many_projects: ManyProjects
) -> dict[str, list[list[str]]]:
    """The manual steps for two projects that share the declarations of one project's tables, and the summary."""
    folder = tmp_path_factory.mktemp("sharing")
    profile = "p: {target: t, outputs: {t: {type: duckdb, path: ':memory:', schema: main}}}\n"
    teams = {f"{team}/dbt_project.yml": SHARING.format(team=team) for team in ("ants", "bees")}
    profiles = {f"{team}/profiles.yml": profile for team in ("ants", "bees")}
    for path, text in (SHARED | teams | profiles).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for team in ("ants", "bees"):
        many_projects.run("parse", folder / team, profiles=folder / team)
    summary = run("dbt-scheduler", "adopt", "ants", "bees", "--out", "out", cwd=folder)
    teams = json.loads((folder / "out" / "adopt.json").read_text())["teams"]
    left = {
        team: [[each["source"], each["place"], each["what"]] for each in teams[team]["by_hand"]]
        for team in teams
    }
    return {**left, "summary": [summary.splitlines()]}


IDLE = "remove out.unused, out.unused_too, which nothing reads: the files cannot be edited automatically"


def test_a_declaration_that_another_team_reads_is_not_removed(sharing):
    others = "also read by bees: remove it once nothing reads it"
    assert sharing["ants"] == [
        ["", "../shared/s.yml", IDLE],
        ["out.honey", "../shared/s.yml:4", others],
        ["out.wax", "../shared/s.yml:4", others],
    ]


def test_a_read_in_a_macro_is_not_blamed_on_another_call_and_a_space_before_the_parenthesis_is_no_hindrance(
    sharing,
):
    needed = "remove it here once nothing reads it"
    macro = "it reads the table through a macro or a variable: change the call there"
    assert sharing["bees"] == [
        ["", "../shared/s.yml", IDLE],
        ["out.honey", "../shared/s.yml:4", needed],
        ["out.honey", "models/via_macro.sql", macro],
        ["out.wax", "../shared/s.yml:4", "remove it: the file cannot be edited automatically"],
    ]


def test_the_summary_does_not_say_that_a_team_reads_what_it_only_declares(sharing):
    assert [line for line in sharing["summary"][0] if "read" in line] == [
        "ants declares 4 tables that are built by a team but not read by any node",
        "bees reads 2 tables of ants (2 references)",
        "bees declares 2 tables that are built by a team but not read by any node",
    ]


# Edits of text


NEW = {("raw", "a"): ("team", "b"), ("raw", "own"): Ref("m", "pkg", 2)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{{ source('raw','a') }}", "{{ source('team','b') }}"),
        ('{{source(\n  "raw",\n  "a"\n)}}', '{{source(\n  "team",\n  "b"\n)}}'),
        ("source(\"raw\", 'a')", "source(\"team\", 'b')"),
        ("source ('raw', 'a')", "source ('team', 'b')"),
        ("dbt.source('raw', 'own')", "dbt.ref('pkg', 'm', v=2)"),
        ("my_source('raw', 'a') source('raw', 'b') source('raw', a)", None),
        ("source('raw', 'a', 'b') source('raw' ~ 'x', 'a') {# source #}", None),
    ],
)
def test_calls(old, new):
    assert replace_calls(old, NEW) == (new or old)


RAW_A = frozenset({("raw", "a")})


@pytest.mark.parametrize(
    ("text", "in_yaml", "calls"),
    [
        ("source('raw', 'a') and resource(x)", False, SourceCalls(RAW_A)),
        ("source('raw', 'a') source('raw', a)", False, SourceCalls(RAW_A, others=frozenset({"raw"}))),
        (
            "source ('raw', 'a') source(raw, 'a') source('raw' ~ x, 'a')",
            False,
            SourceCalls(RAW_A, others=frozenset({""})),
        ),
        ("x: source('raw', a)", True, SourceCalls(others=frozenset({"raw"}))),
        ("x: [source('raw', 'a')", True, SourceCalls(RAW_A)),
        ("x: [source('raw', a)", True, SourceCalls(others=frozenset({"raw"}))),
        ("# source(raw, a)\nx: source('raw', 'a')", True, SourceCalls(RAW_A)),
        (
            "x: source('raw', 'a')\ny:\n  - 'source(''raw'', ''a'')'",
            True,
            SourceCalls(RAW_A, {("raw", "a"): 3}),
        ),
        (
            "\ufeff- |\n  source('raw',\n  'a')\n- \"source(\\\"raw\\\",'b')\"",
            True,
            SourceCalls(RAW_A, {("raw", "b"): 4}),
        ),
    ],
)
def test_calls_that_are_found(text, in_yaml, calls):
    assert find_calls(text, in_yaml=in_yaml) == calls


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("# c\nversion: 2\nsources:\n- name: r\n  tables:\n  - name: a\n", "# c\nversion: 2\n"),
        ("version: 2\n\nsources:\n- name: r\n  tables:\n  - name: a\n", ""),
        (
            "sources:\r\n  - name: r\r\n    tables:\r\n      - name: a\r\n        # of a\r\n      # of b\r\n      - name: b\r\n",
            "sources:\r\n  - name: r\r\n    tables:\r\n      # of b\r\n      - name: b\r\n",
        ),
        (
            "sources:\n- name: r\n  tables:\n  - name: a\n    description: |\n      x\n\n      # y\n- name: s",
            "sources:\n- name: s",
        ),
        (
            "sources:\n- name: r\n  tables:\n  # far\n\n  # of a\n  # too\n  - name: a\n    # of it\n  # of b\n  - name: b\n",
            "sources:\n- name: r\n  tables:\n  # far\n\n  # of b\n  - name: b\n",
        ),
        ("# c\n\n# d\nsources:\n# e\n- name: r\n  tables:\n  - name: a\nmodels: []\n", "# c\n\nmodels: []\n"),
        ("\ufeffmodels: []\nsources:\n- name: r\n  tables:\n  - name: a\n", "\ufeffmodels: []\n"),
        ("sources:\n- name: r\n  tables: [{name: a}, {name: b}]\n", None),
        ("sources:\n- {name: r, tables: [{name: a}]}\n- name: s\n", "sources:\n- name: s\n"),
        ("sources:\n- name: r\n  tables:\n  - &x\n    name: a\n  - <<: *x\n    name: b\n", None),
        ("sources: [{name: r, tables: [{name: a}]}]\n", ""),
        ("sources: [{name: r, tables: [{name: a}]}, {name: s}]\n", None),
        ("sources:\n- name: r\n  name: r\n  tables:\n  - name: a\n", None),
        ("not: [yaml\n", None),
        (
            "sources:\n- 5\n- name: r\n  tables:\n  -\n  - name: a\n  - name: b\n",
            "sources:\n- 5\n- name: r\n  tables:\n  -\n  - name: b\n",
        ),
        ("sources: 5\n", None),
        ("sources:\n- name: r\n  tables:\n  - name: b\n", None),
    ],
)
def test_without_tables(text, rest):
    assert without_tables(text, {("r", "a")}) == rest


def test_a_cut_that_would_change_something_else_is_refused():
    assert cut("a:\n  - 'x\ny'\n  - z\n", [("a", 0)]) is None


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        (
            "a: 1 # x\r\nb: |\r\n  # no\r\n\r\n# \u00e9 \r\nc: 'a # no' # y\r\n",
            "",
            [(1, "# x"), (5, "# \u00e9 # y")],
        ),
        ("a:\tx#y # t\nb: >- # head\n  x\n  # no\n # less\n", "", [(1, "# t # head"), (5, "# less")]),
        ("\ufeff# x\n# y\n# x\na: [1, # z\n  2]\n# end", "b: 1 # x\n# end", [(2, "# y # x # z")]),
    ],
)
def test_lost_comments(before, after, lost):
    assert list(lost_comments(before, after)) == lost


FCT = (AssetToExpose(asset="fct", readers=("shop",), scheduled=True),)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (None, 'version: 0.17\nexposed_assets:\n  # read by shop\n  - regex: "fct"\n'),
        (
            "version: 0.17 # ours",
            'version: 0.17 # ours\nexposed_assets:\n  # read by shop\n  - regex: "fct"\n',
        ),
        (
            "exposed_assets:\r\n    - regex: a\r\n      slo: {daily: {hours: 1}}\r\n# end\r\ntags: [x]\r\n",
            "exposed_assets:\r\n    - regex: a\r\n      slo: {daily: {hours: 1}}\r\n"
            '    # read by shop\r\n    - regex: "fct"\r\n# end\r\ntags: [x]\r\n',
        ),
        ("exposed_assets: [{regex: a}]\n", None),
        ("exposed_assets:\n", None),
        ("{version: 0.17}\n", None),
        ("just words\n", None),
    ],
)
def test_exposing(text, new):
    assert with_exposed(text, FCT) == new


def test_a_patch_of_every_sort_of_text_applies(tmp_path):
    before = {
        "crlf.sql": "a\r\nb\r\n",
        "no end.sql": "a\nb",
        "gets_end.sql": "a",
        "gone.yml": "x: 1\n",
        "odd.sql": "a\u2028b\x0cc\x85d\ne\n",
        "same.sql": "s",
    }
    after = {
        "crlf.sql": "a\r\nc\r\n",
        "no end.sql": "a\nc",
        "gets_end.sql": "a\n",
        "gone.yml": "",
        "odd.sql": "a\u2028b\x0cc\x85d\nf\n",
        "same.sql": "s",
        "new/file.yml": "é\n",
    }
    (tmp_path / "p.patch").write_bytes(render_patch(before, after).encode())
    for tool in (
        ["patch", "-p1", "-s", "--binary", "-i", "../p.patch"],
        ["patch", "-p1", "-s", "-i", "../p.patch"],
        ["git", "apply", "../p.patch"],
    ):
        folder = tmp_path / "project"
        folder.mkdir()
        for path, text in before.items():
            (folder / path).write_bytes(text.encode())
        subprocess.run(tool, cwd=folder, check=True)
        found = {
            str(p.relative_to(folder)): p.read_bytes().decode() for p in folder.rglob("*") if p.is_file()
        }
        assert found == {path: text for path, text in after.items() if text}
        shutil.rmtree(folder)


def test_a_link_that_leads_to_itself_is_no_file_of_a_project(tmp_path):
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.sql").write_text("select 1")
    (tmp_path / "models" / "b.sql").symlink_to("b.sql")
    (tmp_path / "macros").symlink_to("macros")
    assert [*read_files(tmp_path, ()).texts] == ["dbt_project.yml", "models/a.sql"]


@pytest.mark.parametrize("text", ["\x00", "a: [", "\t- {", "sources: 'x"])
def test_a_file_that_declares_sources_and_is_no_yaml_is_left_as_it_is(tmp_path, text):
    world = World(tmp_path)
    world.team(
        "shop",
        source("theirs.fct", file="models/s.yml", schema="main"),
        node("b", "theirs.fct", pipelines=["daily"]),
    )
    world.team("shipping", node("fct", pipelines=["daily"]), text="exposed_assets: [{regex: fct}]\n")
    world.file("shop/models/s.yml", text)
    arguments = ["adopt", str(tmp_path / "shop"), str(tmp_path / "shipping"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, "Traceback" in result.output) == (0, False), result.output
    assert (tmp_path / "shop" / "models" / "s.yml").read_text() == text
