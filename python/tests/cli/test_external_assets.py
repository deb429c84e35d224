"""``external_assets.yaml``: its registry entry, the findings about it, and who can declare what in it."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from build import PLATFORM, World, node, source
from builders import an_entry
from command import run
from dbt_scheduler.config.schema.validation import load_schema, validate
from dbt_scheduler.registry.backend import NewerFormatError, RegistryUnreadableError
from dbt_scheduler.registry.encoding import decode_entry, encode_entry
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.spec import read_spec

EXAMPLES = Path(__file__).parents[3] / "integration_tests" / "external_assets"
FILE = "external_assets.yaml"
HEAD = 'version: 1\nteam: legacy\nalerting: {channel: "#legacy"}\nassets:\n'
ORDERS = (
    '  - {asset: orders, dag_id: load_orders, task_id: load, schedule: {cron: "0 6 * * *", grain: day}, '
    "slo: {hours: 2}, relation: raw.orders}\n"
)
GLOBAL = "models/global_assets/g.yml"


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    Path("registry").mkdir()
    return World(Path(), f"{PLATFORM}registry: {{url: file:registry}}\n")


def external(*assets: str, head: str = HEAD, file: str = FILE) -> None:
    Path(file).write_text(head + "".join(assets))


def asset(name: str, dag: str = "load_orders", **words: str) -> str:
    pairs = {"asset": name, "dag_id": dag, "task_id": "load", "pipeline": "daily", **words}
    return f"  - {{{', '.join(f'{key}: {value}' for key, value in pairs.items() if value)}}}\n"


def found(*arguments: str, code: int = 1) -> list[str]:
    """Each finding of a check with its hint, without the summary."""
    text = run("check", *(arguments or (FILE,)), code=code).stdout.replace("\n  hint: ", " | ")
    return text.splitlines()[:-1]


def publish_external() -> None:
    run("compile", FILE, "--out", "out")
    run("publish", "out")


def test_the_assets_of_a_file_are_assets_like_any_other(world):
    external(ORDERS, asset("rates", "finance", task_id="ecb.download"))
    read = source("legacy.orders", file=GLOBAL)
    world.team("shop", read, node("mine", "legacy.orders", pipelines=["daily"]))
    run("check", "shop", FILE)
    publish_external()
    run("compile", "shop", "--out", "out")
    run("publish", "out")
    published = Path("registry/legacy.json").read_bytes()
    assert validate("registry", msgspec.json.decode(published)) == ()
    assert json.loads(published)["legacy"]["format_version"] == 2
    spec = read_spec(Path("out/dags/shop_daily.json"))
    assert validate("dag_spec", msgspec.to_builtins(spec)) == ()
    (sensor,) = spec.sensors
    assert (spec.format_version, sensor.producer.external) == (2, True)
    assert (sensor.producer.dag_id, sensor.producer.task_id) == ("load_orders", "load")
    waits = run("waits", "shop_daily", "--from", "2025-03-02", "--runs", "1", "--out", "out").stdout
    assert waits.splitlines()[-1].split() == (
        [
            "load_orders",
            "load",
            "hard",
            "2025-03-01",
            "06:00",
            "2025-03-02",
            "06:00",
            "2025-03-02",
            "08:00",
            "2025-03-02",
            "08:00",
        ]
    )
    shown = [
        run("registry", "list").stdout,
        run("registry", "show", "orders").stdout,
        run("registry", "show", "rates").stdout,
        run("registry", "producers", "shop").stdout,
        waits,
    ]
    assert "task      load_orders load\n  ready     load_orders, by 08:00 UTC\n" in shown[1]
    assert "task      finance ecb.download\n  ready     daily, no SLO\n" in shown[2]
    assert not [text for text in shown if "legacy_" in text]  # an id made from team and pipeline


def test_an_asset_that_moves_or_is_late_is_a_breaking_change_of_the_report(world):
    external(ORDERS)
    publish_external()
    read = source("legacy.orders", file=GLOBAL)
    world.team("shop", read, node("mine", "legacy.orders", pipelines=["daily"]))
    run("compile", "shop", "--out", "shop_out")
    run("publish", "shop_out")
    run("compile", FILE, "--out", "base")
    external(ORDERS.replace("hours: 2", "hours: 3").replace("raw.", "landing."))
    run("compile", FILE, "--out", "head")
    report = run("report", "base", "head", code=1).stdout
    assert (
        "Asset orders\n- SLO increased from 7200 to 10800.\n- Moved from raw.orders to landing.orders."
        in report
    )
    assert "- *shop" in report


def test_a_breaking_change_of_a_hand_written_dag_can_be_acknowledged_in_the_reported_file(world):
    external(ORDERS)
    publish_external()
    run("compile", FILE, "--out", "base")
    external(ORDERS.replace("hours: 2", "hours: 3"))
    run("compile", FILE, "--out", "head")
    said = run("report", "base", "head", code=1).stdout
    assert "then acknowledge it in `external_assets.yaml` with a reason" in said
    copied = said.partition("```yaml\n")[2].partition("```")[0].replace('reason: ""', "reason: agreed")
    Path(FILE).write_text(Path(FILE).read_text() + copied)
    run("compile", FILE, "--out", "head")
    assert "Acknowledged: agreed" in run("report", "base", "head").stdout
    reported = json.loads(run("report", "base", "head", "--format", "json").stdout)
    assert validate("report", reported) == ()
    run("publish", "head")
    line = len(HEAD.splitlines()) + 3
    assert found(code=0)[0].startswith(
        f'{FILE}:{line}: SCH320 (warning) the acknowledged change of "orders" no longer applies: SLO increased'
    )


def test_each_mistake_is_a_finding_with_its_line(world, golden):
    shutil.copy(EXAMPLES / "mistakes.yaml", "mistakes.yaml")
    golden(EXAMPLES / "expected_check.txt", run("check", "mistakes.yaml", code=1).stdout)
    assert run("compile", "mistakes.yaml", "--out", "out", code=1).stderr.endswith("\nnothing was written\n")
    assert not Path("out").exists()


def test_the_example_compiles_to_the_expected_entry(world, golden):
    shutil.copy(EXAMPLES / FILE, FILE)
    assert run("check", FILE).stdout == "no findings\n"
    run("compile", FILE, "--out", "out")
    golden(EXAMPLES / "expected" / "legacy.json", Path("out/registry/legacy.json").read_text())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("team: legacy\n", 'SCH341 "version" is missing'),
        (HEAD.replace("legacy", "../shop", 1) + asset("a"), 'SCH341 "team" must match the pattern'),
        ("version: 1\nteam: legacy\nassets: []\n", 'SCH341 "assets" must have at least 1 item'),
        ("version: [", "SCH404 invalid YAML"),
    ],
)
def test_a_file_of_which_nothing_can_be_made_stops_the_command(world, text, said):
    Path(FILE).write_text(text)
    assert said in run("check", FILE, code=2).stderr


def test_a_missing_file_is_reported(world):
    assert "other.yaml: SCH401 the file does not exist" in run("check", "other.yaml", code=2).stderr


def test_a_dag_that_is_called_like_a_pipeline_keeps_its_own_schedule(world):
    external(
        asset("a", "daily", pipeline="", schedule='{cron: "0 6 * * *"}'), asset("b", "x", pipeline="daily")
    )
    run("compile", FILE, "--out", "out")
    (entry,) = msgspec.json.decode(
        Path("out/registry/legacy.json").read_bytes(), type=dict[str, Entry]
    ).values()
    assert {name: each.cron for name, each in entry.pipelines.items()} == {
        "daily": "10 0 * * *",
        "daily.schedule": "0 6 * * *",
    }


def test_what_is_another_teams_cannot_be_an_external_asset(world):
    world.team("shop", node("mine", pipelines=["daily"]), text="exposed_assets: [{regex: mine}]\n")
    run("compile", "shop", "--out", "out")
    run("publish", "out")
    external(asset("a", "Shop_daily", relation="warehouse.MAIN.mine"), asset("b", "shop_export"))
    assert found() == [
        f'{FILE}:5: SCH310 dag_id "Shop_daily" is used by team legacy and by team shop | '
        "correct the dag_id in the file: it does not belong to a hand-written DAG",
        f'{FILE}:5: SCH345 asset "a" has the relation warehouse.MAIN.mine, which belongs to the asset "mine" of team shop | '
        "remove one of the two, or correct the relation; ask team shop about the other asset",
    ]
    external(asset("b", "shop_export"), head=HEAD.replace("legacy", "shop", 1))
    assert found() == [
        f'{FILE}:2: SCH318 team "shop" was published by the dbt project "shop", and this project is '
        f'"{FILE}" | set a different `team` in this file'
    ]
    assert found("shop", FILE)[0].endswith(
        'SCH313 team "shop" is also used by shop | set a different `team` in this file'
    )
    external(asset("b", "shop_export"), head=HEAD.replace("legacy", "Shop", 1))
    assert found()[-1].startswith(
        f'{FILE}:2: SCH332 the names of team "Shop" and team "shop" differ only in case'
    )


def test_an_external_team_is_published_with_the_guards_of_every_team(world):
    external(asset("b"))
    publish_external()
    world.team("legacy", node("mine", pipelines=["daily"]))
    run("compile", "legacy", "--out", "stolen", "--registry", "none")
    said = run("publish", "stolen", code=1).stderr
    assert 'SCH318 team "legacy" was published by the dbt project "external_assets.yaml"' in said
    listed = "teams: {legacy: {repository: github.com/acme/legacy}}\n"
    Path("platform.yaml").write_text(Path("platform.yaml").read_text() + listed)
    external(asset("c"))
    run("compile", FILE, "--out", "out")
    env = {"GITHUB_REPOSITORY": "mallory/legacy", "GITHUB_SERVER_URL": "https://github.com"}
    assert (
        'SCH331 this project is not allowed to publish team "legacy"'
        in run("publish", "out", code=1, env=env).stderr
    )
    external(asset("c"), head=HEAD.replace("legacy", "unlisted", 1))
    assert found()[0].startswith(f'{FILE}:2: SCH331 this project is not allowed to publish team "unlisted": ')


def test_claiming_a_teams_dags_does_not_block_the_team(world):
    external(asset("a", "shop_daily"))
    publish_external()
    world.team("shop", node("mine", pipelines=["daily"]))
    run("compile", "shop", "--out", "shop_out")
    run("publish", "shop_out")
    assert found()[0].startswith(
        f'{FILE}:5: SCH310 dag_id "shop_daily" is used by team legacy and by team shop'
    )


def test_two_owners_may_have_assets_of_one_dag(world):
    external(asset("a"))
    publish_external()
    external(asset("b"), head=HEAD.replace("legacy", "other"))
    publish_external()


def test_a_source_that_is_an_external_asset_and_is_not_declared_so_is_a_hidden_edge(world):
    external(ORDERS)
    publish_external()
    world.team("shop", source("raw.orders"), node("mine", "raw.orders", pipelines=["daily"]))
    assert any(": SCH306 " in line and "legacy" in line for line in found("shop"))


def test_more_schedules_than_an_entry_can_have_are_found_by_check_and_not_only_by_publish(world):
    schedule = '{cron: "0 6 * * *", grain: day}'
    own = [asset(f"a{i}", f"d{i}", pipeline="", schedule=schedule) for i in range(201)]
    external(*own[:200], asset("second_of_a_dag", "d0", pipeline="", schedule=schedule))
    publish_external()
    external(*own)
    (line,) = found()
    assert line.startswith(f"{FILE}:205: SCH341 the file has 201 pipelines and schedules")
    assert "a team can have at most 200 | set `pipeline` for DAGs" in line


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"format_version": 1}, "it has external assets, which format_version 1 does not support"),
        ({"consumed": {"shop": {}}}, "it has both external assets and tasks that read other assets"),
    ],
)
def test_an_entry_that_is_half_external_is_refused(entry, problem):
    made = msgspec.structs.replace(an_entry("a", "daily", team="legacy", dag_id="x"), **entry)
    with pytest.raises(RegistryUnreadableError, match=problem):
        decode_entry("legacy", encode_entry("legacy", made))


@pytest.mark.parametrize("dag_id", ["a b", "{{ x }}", "../x", ""])
def test_a_dag_id_that_airflow_would_refuse_is_no_registry_entry(dag_id):
    made = an_entry("a", "daily", team="legacy", dag_id="x")
    bad = msgspec.structs.replace(made.produced["a"], dag_id=dag_id)
    entry = msgspec.structs.replace(made, produced={"a": bad})
    with pytest.raises(RegistryUnreadableError, match="contains characters that Airflow ids do not allow"):
        decode_entry("legacy", encode_entry("legacy", entry))


def test_an_asset_made_in_two_pipelines_or_by_a_generated_dag_too_is_no_external_entry():
    two = an_entry("a", "daily", "hourly", team="legacy", dag_id="x")
    mixed = an_entry("a", "daily", team="legacy", dag_id="x")
    plain = an_entry("b", "daily", team="legacy")
    mixed = msgspec.structs.replace(mixed, produced={**mixed.produced, **plain.produced})
    for entry, name in ((two, "a"), (mixed, "b")):
        with pytest.raises(
            RegistryUnreadableError, match=f'"{name}" must be produced by exactly one hand-written DAG'
        ):
            decode_entry("legacy", encode_entry("legacy", entry))


def test_a_release_that_does_not_know_external_assets_refuses_the_entry():
    """Like an older release with this number, this release rejects the next one."""
    made = an_entry("a", "daily", team="legacy", dag_id="x")
    assert made.format_version == 2
    newer = encode_entry("legacy", made).replace(b'"format_version": 2', b'"format_version": 3')
    with pytest.raises(NewerFormatError):
        decode_entry("legacy", newer)


def test_the_schema_has_the_same_team_and_alerting_as_that_of_teams():
    ours, theirs = load_schema("external_assets"), load_schema("scheduler")
    assert ours["$defs"]["duration"] == theirs["$defs"]["duration"]
    for name in ("channel", "tag"):
        pair = [each["properties"]["alerting"]["properties"][name] for each in (ours, theirs)]
        assert len({str({key: each[key] for key in each.keys() & {"type", "anyOf"}}) for each in pair}) == 1
