"""``publish``: the entries that are published, those that are not, and the findings about them."""

import json
import re
import shutil
from pathlib import Path

import pytest

from build import PLATFORM, World, node, source
from command import run
from dbt_scheduler.findings.finding import CannotRunError
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.registry.candidates import load_candidates
from dbt_scheduler.registry.encoding import decode_entry
from dbt_scheduler.registry.publish import check_candidates, write_candidates
from dbt_scheduler.registry.stores import open_store, schemes
from fake_gcs import FakeGcs

DAILY = ["daily"]
SCHEMES = ", ".join(f"{name}:" for name in schemes())
GLOBAL = "models/global_assets/g.yml"
EXPOSED = 'exposed_assets: [{regex: "fct"}]\nalerting: {channel: "#shipping"}\n'
ENTRY = "out/registry/shop.json"
NEW = "created a new registry at file://registry\n"
OVERTAKEN = (
    f"{ENTRY}: SCH413 the registry entry of team shop has been published since this version was compiled\n"
    "  hint: run `dbt-scheduler compile` again with this registry, then publish\n"
    "1 error\nnothing was published\n"
)


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    return World(Path(), f"{PLATFORM}registry: {{url: file:registry}}\n")


def compile_(*teams: str, out: str = "out") -> None:
    run("compile", *teams, "--out", out)


def publish(*arguments: str, out: str = "out", code: int = 0) -> str:
    """The output, without the folder of the test."""
    result = run("publish", out, *arguments, code=code)
    assert result.stdout == ""
    return result.stderr.replace(f"{Path().resolve()}/", "")


def shop(*names: str) -> None:
    """The current team shop, with these models."""
    World(Path(), Path("platform.yaml").read_text()).team(
        "shop", *(node(name, pipelines=DAILY) for name in names)
    )


def published() -> set[str]:
    """The assets of shop in the registry."""
    return set(json.loads(Path("registry/shop.json").read_text())["shop"]["produced"])


def base() -> str | None:
    version: str | None = json.loads(Path("out/base/shop.json").read_text())["shop"]["version"]
    return version


def test_the_first_publish_and_the_next(world):
    shop("a")
    compile_("shop")
    assert Path("out/base/shop.json").read_text() == '{\n  "shop": {\n    "version": null\n  }\n}\n'
    assert publish() == f"{NEW}shop: published to registry/shop.json\n"
    assert Path("registry/shop.json").read_bytes() == Path(ENTRY).read_bytes()
    assert publish() == "shop: already published\n"
    shop("a", "b")
    compile_("shop")
    assert base() == open_store(Path("registry").resolve().as_uri()).read_all().versions["shop"]
    assert publish() == "shop: published to registry/shop.json\n"
    assert published() == {"a", "b"}


def test_what_was_overtaken_is_refused_until_it_is_compiled_again(world):
    for name in ("a", "b"):
        shop(name)
        compile_("shop", out=name)
    shutil.copytree("a", "out")
    publish()
    shutil.rmtree("out")
    shutil.copytree("b", "out")
    assert publish(code=1) == OVERTAKEN
    assert published() == {"a"}
    compile_("shop")
    assert publish() == "shop: published to registry/shop.json\n"
    assert published() == {"b"}


def test_an_old_commit_that_is_published_late_does_not_undo_the_newer_one(world):
    for name in ("a", "b"):
        shop(name)
        compile_("shop")
        publish()
        shutil.move("out", name)
    shutil.move("a", "out")
    assert publish(code=1) == OVERTAKEN
    assert published() == {"b"}


def test_without_a_base_nothing_may_be_there(world):
    shop("a")
    run("compile", "shop", "--out", "out")
    publish()
    shop("b")
    compile_("shop")
    Path("out/base/shop.json").unlink()
    assert publish(code=1) == OVERTAKEN
    Path("registry/shop.json").unlink()
    assert publish() == f"{NEW}shop: published to registry/shop.json\n"


def test_compile_without_a_registry_takes_an_old_base_away(world):
    shop("a")
    World(Path()).team("audit", node("x", pipelines=DAILY))
    run("compile", "shop", "audit", "--out", "out", "--registry", "registry")
    assert sorted(path.name for path in Path("out/base").iterdir()) == ["audit.json", "shop.json"]
    compile_("shop")
    assert sorted(path.name for path in Path("out/base").iterdir()) == ["audit.json"]


def test_an_entry_that_was_removed_meanwhile(world):
    shop("a")
    compile_("shop")
    publish()
    shop("b")
    compile_("shop")
    Path("registry/shop.json").unlink()
    assert publish(code=1) == OVERTAKEN.replace("has been published", "has been removed")


def test_a_damaged_entry_is_written_again_by_its_team(world):
    Path("registry").mkdir()
    Path("registry/shop.json").write_text("{")
    shop("a")
    reported = run("compile", "shop", "--out", "out").stderr.replace(f"{Path().resolve()}/", "")
    assert reported == (
        'registry/shop.json: SCH409 (warning) the registry entry of team "shop" cannot be read: it is truncated\n'
        "  hint: that team's next publish replaces the entry\n"
        "1 warning\n"
        "1 DAG, 1 task, 0 sensors, 1 asset written to out\n"
    )
    Path("registry/shop.json").write_text("[")
    assert publish(code=1) == OVERTAKEN
    Path("registry/shop.json").write_text("{")
    assert publish() == "shop: published to registry/shop.json\n"


def test_an_entry_of_a_later_release_is_never_replaced(world):
    Path("registry").mkdir()
    Path("registry/shop.json").write_text('{"shop": {"format_version": 3}}')
    shop("a")
    compile_("shop")
    assert publish(code=1) == (
        'registry/shop.json: SCH409 the registry entry of team "shop" cannot be read: format_version 3 is not supported; supported: 1 and 2\n'
        "  hint: upgrade dbt-scheduler\n"
        "1 error\nnothing was published\n"
    )


def test_another_projects_team(world):
    shop("a")
    compile_("shop")
    text = Path(ENTRY).read_text()
    Path("registry").mkdir()
    Path("registry/shop.json").write_text(text.replace('"project_name": "shop"', '"project_name": "sales"'))
    assert publish(code=1) == (
        f'{ENTRY}: SCH318 team "shop" was published by the dbt project "sales", and this project is "shop"\n'
        "  hint: set a different `team` in scheduler.yaml; if the project was renamed, ask the platform team to remove the old entry from the registry\n"
        "1 error\nnothing was published\n"
    )
    Path("registry/shop.json").write_text(text.replace('"project_name": "shop"', '"project_name": null'))
    assert publish(code=1) == OVERTAKEN


def _other_name():
    Path(ENTRY).rename("out/registry/audit.json")
    return "audit.json", "it belongs to another team"


def _no_name():
    shutil.copy(ENTRY, "out/registry/a b.json")
    return "a b.json", '"a b" is not a valid team name'


def _half():
    Path(ENTRY).write_text('{"shop": {')
    return "shop.json", "it is truncated"


def _newer():
    Path(ENTRY).write_text('{"shop": {"format_version": 3}}')
    return "shop.json", "format_version 3 is not supported; supported: 1 and 2"


def _too_many():
    document = json.loads(Path(ENTRY).read_text())
    (schedule,) = document["shop"]["pipelines"].values()
    document["shop"]["pipelines"] |= {f"p{number}": schedule for number in range(200)}
    Path(ENTRY).write_text(json.dumps(document))
    return "shop.json", "it has more than 200 pipelines"


def _folder():
    Path(ENTRY).unlink()
    Path(ENTRY).mkdir()
    return "shop.json", "is a directory"


def _base():
    Path("out/base/shop.json").write_text('{"audit": {"version": null}}')
    return "shop.json", "out/base/shop.json does not record the base version"


def _half_a_base():
    Path("out/base/shop.json").write_text('{"shop": {"version"')
    return "shop.json", "out/base/shop.json does not record the base version"


def _deep_base():
    Path("out/base/shop.json").write_text('{"shop": {"x": ' + "[" * 100_000)
    return "shop.json", "out/base/shop.json does not record the base version"


def _contradiction():
    Path(ENTRY).write_text(Path(ENTRY).read_text().replace('"cron": "10 0 * * *"', '"cron": "bogus"'))
    return "shop.json", 'its pipeline "daily" is not supported: cron "bogus" has 1 field instead of five'


SPOILED = [
    _other_name,
    _no_name,
    _half,
    _newer,
    _too_many,
    _folder,
    _base,
    _half_a_base,
    _deep_base,
    _contradiction,
]

HINTS = {
    _newer: "publish it with the release that compiled it, or compile again with this release",
    _too_many: "split the team into two, each with its own dbt project or external_assets.yaml",
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_what_compile_has_not_written_is_not_published(world, spoil):
    shop("a")
    compile_("shop")
    name, problem = spoil()
    assert publish(code=1) == (
        f"out/registry/{name}: SCH414 the compiled entry cannot be published: {problem}\n"
        f"  hint: {HINTS.get(spoil, 'compile again with this release of dbt-scheduler')}\n"
        "1 error\nnothing was published\n"
    )
    assert not Path("registry").exists()


def together(world: World) -> None:
    """Shop reads an asset of shipping; both are compiled."""
    world.team("shop", source("shipping.fct", file=GLOBAL), node("a", "shipping.fct", pipelines=DAILY))
    world.team("shipping", node("fct", pipelines=DAILY), text=EXPOSED, project="shipping")
    compile_("shop", "shipping")


def test_teams_that_read_each_other_are_published_together(world):
    together(world)
    assert publish() == (
        f"{NEW}shipping: published to registry/shipping.json\nshop: published to registry/shop.json\n"
    )
    Path("registry/shop.json").unlink()
    assert publish() == "shop: published to registry/shop.json\nshipping: already published\n"


def _not_there(_):
    return "shipping, which is not in the registry", "shipping"


def _not_made(world):
    text = 'alerting: {channel: "#shipping"}'
    world.team("shipping", node("other", pipelines=DAILY), text=text, project="shipping")
    return "shipping, which no longer builds it", "#shipping"


def _not_exposed(world):
    world.team("shipping", node("fct", pipelines=DAILY), project="shipping")
    return "shipping, which no longer exposes it", "shipping"


@pytest.mark.parametrize("change", [_not_there, _not_made, _not_exposed])
def test_what_is_read_must_still_be_there(world, change):
    together(world)
    Path("out/registry/shipping.json").unlink()
    what, contact = change(world)
    if change is not _not_there:
        compile_("shipping", out="theirs")
        publish(out="theirs")
    assert publish(code=1) == (
        f'{ENTRY}: SCH319 task "marts.a" in daily reads "fct" of team {what}\n'
        f"  hint: ask {contact}, or remove the reference and compile again\n"
        "1 error\nnothing was published\n"
    )
    assert not Path(ENTRY.replace("out/", "")).exists()


def test_an_unreadable_entry_counts_where_it_is_read(world):
    together(world)
    Path("out/registry/shipping.json").unlink()
    Path("registry").mkdir()
    for team in ("shipping", "unrelated"):
        Path(f"registry/{team}.json").write_text("{")
    assert publish(code=1) == (
        'registry/shipping.json: SCH409 the registry entry of team "shipping" cannot be read: it is truncated\n'
        "  hint: that team's next publish replaces the entry\n"
        "1 error\nnothing was published\n"
    )


def test_one_that_cannot_go_keeps_all_back(world):
    together(world)
    Path("registry").mkdir()
    Path("registry/shop.json").write_text("{")
    assert publish(code=1) == OVERTAKEN
    assert not Path("registry/shipping.json").exists()


@pytest.mark.parametrize("first", ["shop", "shipping"])
def test_a_race_that_is_lost_between_reading_and_writing(world, first):
    """The first team in alphabetical order may or may not be written before the other."""
    together(world)
    store = open_store(Path("registry").resolve().as_uri())
    candidates, findings = load_candidates(Path("out"))
    reading = store.read_all()
    assert (findings, check_candidates(candidates, reading)) == ((), ())
    Path("registry").mkdir()
    Path(f"registry/{first}.json").write_text("{}")
    done = write_candidates(candidates, reading, store)
    assert done.written == (("shipping",) if first == "shop" else ())
    assert done.left == (("shop",) if first == "shop" else ("shipping", "shop"))
    assert done.finding is not None
    assert (
        done.finding.message
        == f"the registry entry of team {first} has been published since this version was compiled"
    )
    assert not done.failed


def test_a_registry_that_cannot_be_written(world):
    together(world)
    Path("registry/.publish.lock").mkdir(parents=True)
    assert publish(code=2) == (
        "registry/shipping.json: SCH415 the registry cannot be written: is a directory\n"
        "  hint: check the URL and your write permissions; the existing entry is unchanged\n"
        "1 error\nnothing was published\n"
    )
    assert [path.name for path in Path("registry").iterdir()] == [".publish.lock"]


def test_no_registry(world):
    Path("platform.yaml").write_text(PLATFORM)
    shop("a")
    compile_("shop")
    assert not Path("out/base").exists()
    assert publish(code=2) == (
        "no registry is configured\n  hint: set --registry, or registry.url in platform.yaml\n"
    )
    assert publish("--registry", "file:there") == (
        "created a new registry at file://there\nshop: published to there/shop.json\n"
    )


def test_a_registry_that_cannot_be_read(world):
    shop("a")
    compile_("shop")
    hint = "  hint: check the URL and your read permissions; the URL is --registry, or else registry.url in platform.yaml\n"
    for url, problem in (
        ("platform.yaml", "not a directory"),
        ("file:../x", '"file:../x" must not contain ".."'),
        ("ftp://host", f"registry URLs start with {SCHEMES}, not with ftp"),
    ):
        assert publish("--registry", url, code=2) == (
            f"{url}: SCH412 the registry cannot be read: {problem}\n{hint}1 error\n"
        )
    secret = publish("--registry", "gs://me:secret@bucket", code=2)
    assert secret.startswith(
        'gs://...@bucket: SCH412 the registry cannot be read: "gs://...@bucket" is not the URL of a bucket'
    )
    assert "secret" not in secret


def test_nothing_to_publish(world):
    assert publish(code=2) == (
        "out/registry/*.json: SCH401 the file does not exist\n"
        "  hint: run `dbt-scheduler compile --out out` first\n"
        "1 error\n"
    )
    with pytest.raises(CannotRunError):
        load_candidates(Path("out"))


def test_the_base_is_the_same_bytes_for_the_same_registry(world):
    shop("a")
    compile_("shop")
    publish()
    compile_("shop")
    before = Path("out/base/shop.json").stat()
    compile_("shop")
    assert Path("out/base/shop.json").stat().st_mtime_ns == before.st_mtime_ns


def test_a_registry_in_google_cloud_storage(world, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("cache").resolve()))
    Path("platform.yaml").write_text(f"{PLATFORM}registry: {{url: 'gs://bucket/registry'}}\n")
    with FakeGcs("bucket").serving() as gcs:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
        together(world)
        assert publish() == (
            "created a new registry at gs://bucket/registry\n"
            "shipping: published to gs://bucket/registry/shipping.json\n"
            "shop: published to gs://bucket/registry/shop.json\n"
        )
        shop("b")
        compile_("shop")
        assert base() == str(gcs.buckets["bucket"]["registry/shop.json"][1])
        gcs.put("bucket", "registry/shop.json", b"{}")
        assert publish(code=1) == OVERTAKEN
        gcs.before = lambda method, _: (403, b"{}") if method == "POST" else None
        compile_("shop")
        assert publish(code=2) == (
            "shipping: already published\n"
            "gs://bucket/registry/shop.json: SCH415 the registry cannot be written: the credentials are not allowed to write "
            "gs://bucket: ask for the role Storage Object User\n"
            "  hint: check the URL and your write permissions; the existing entry is unchanged\n"
            "1 error\nnothing was published\n"
        )


def test_a_race_that_is_lost_after_another_team_was_written(world, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("cache").resolve()))
    Path("platform.yaml").write_text(f"{PLATFORM}registry: {{url: 'gs://bucket/registry'}}\n")
    with FakeGcs("bucket").serving() as gcs:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
        together(world)

        def somebody_else(name: str) -> None:
            if name == "registry/shipping.json":
                gcs.put("bucket", "registry/shop.json", b"{}")

        gcs.after_write = somebody_else
        assert publish(code=1) == (
            "created a new registry at gs://bucket/registry\n"
            "shipping: published to gs://bucket/registry/shipping.json\n"
            + OVERTAKEN.replace("nothing was published", "shop: not published")
        )
        compile_("shop")
        assert publish() == (
            "shop: published to gs://bucket/registry/shop.json\nshipping: already published\n"
        )


def test_of_two_teams_that_take_one_dag_id_the_second_is_refused(world):
    """Neither was in the registry when the other was compiled."""
    for team in ("aa", "bb"):
        world.team(team, node("m", pipelines=DAILY), text="dag_prefix: same\n")
        compile_(team, out=team)
    publish(out="aa")
    shutil.move("bb", "out")
    assert publish(code=1) == (
        'out/registry/bb.json: SCH310 dag_id "same_daily" is used by team bb and by team aa\n'
        "  hint: set a different dag_prefix in scheduler.yaml, or ask team aa to change theirs\n"
        "1 error\nnothing was published\n"
    )
    assert not Path("registry/bb.json").exists()


def test_the_id_of_the_sweeps_dag_is_not_published_either(world):
    resume = '  resume: {cron: "10 0 * * *", grain: day, start_date: 2025-01-01}\n'
    world.file("platform.yaml", f"{PLATFORM}{resume}registry: {{url: file:registry}}\n")
    world.team("shop", node("m", pipelines=["resume"]))
    compile_("shop")
    path = Path(ENTRY)
    path.write_text(path.read_text().replace('"dag_prefix": "shop"', '"dag_prefix": "dbt_scheduler"'))
    assert publish(code=1) == (
        f'{ENTRY}: SCH322 dag_id "dbt_scheduler_resume" of team shop is reserved for the DAG that resumes late runs\n'
        "  hint: set a different dag_prefix in scheduler.yaml\n"
        "1 error\nnothing was published\n"
    )
    assert not Path("registry/shop.json").exists()


# # Entries that cost their readers more than their length.
MANY_PIPELINES = {
    f"p{number}": {"cron": f"{number % 60} {number // 60} * * *", "start_date": "2025-01-01"}
    for number in range(200)
}
SENSOR = "wait_for__hard_dependencies.m"
READER = {
    "pipeline": "hourly",
    "producer_pipeline": "daily",
    "task_group": "marts",
    "task_id": "z",
    "sensor_task_id": SENSOR,
    "dependency": "hard",
}


@pytest.mark.parametrize(
    ("where", "changes", "problem"),
    [
        ("", {"dag_prefix": "a b"}, 'its asset "m" is built in a DAG with a different dag_prefix'),
        (
            "produced/m",
            {"dag_prefix": "finance"},
            'its asset "m" is built in a DAG with a different dag_prefix',
        ),
        (
            "produced/m",
            {"task_id": "{{ conn.x }}"},
            'its task_id "{{ conn.x }}" contains characters that Airflow ids do not allow',
        ),
        (
            "produced/m",
            {"task_group": "a\nb"},
            'its task_group "a\\nb" contains characters that Airflow ids do not allow',
        ),
        (
            "consumed/shop/m/0",
            {"sensor_task_id": "approve_payment"},
            'its sensor "approve_payment" is not a valid sensor task_id',
        ),
        (
            "consumed/shop/m/0",
            {"sensor_task_id": "marts.m"},
            'its sensor "marts.m" is not a valid sensor task_id',
        ),
        (
            "consumed/shop/m/0",
            {"sensor_task_id": "wait_for__soft_dependencies.m"},
            'its sensor "wait_for__soft_dependencies.m" is not a valid sensor task_id',
        ),
        (
            "consumed/shop/m/0",
            {"sensor_task_id": "wait_for__hard_dependencies."},
            'its sensor "wait_for__hard_dependencies." is not a valid sensor task_id',
        ),
        (
            "consumed/shop/m/0",
            {"pipeline": "close"},
            'its task "z" is in the unknown pipeline "close"',
        ),
        (
            "consumed/shop/m/0",
            {"task_id": "{% x %}"},
            'its task_id "{% x %}" contains characters that Airflow ids do not allow',
        ),
        ("pipelines", MANY_PIPELINES, "it has more than 200 pipelines"),
        (
            "consumed/shop",
            {"z": [READER]},
            'its sensor "wait_for__hard_dependencies.m" waits for several assets',
        ),
        (
            "consumed/shop",
            {f"m{number}": [READER | {"sensor_task_id": f"{SENSOR}{number}"}] for number in range(20_000)},
            "it has more than 20,000 sensors",
        ),
        ("consumed/shop", {"m": [READER] * 200_001}, "it has more than 200,000 asset reads"),
        ("", {"dag_prefix": "s" * 251}, 'its asset "m" is built in a DAG with a different'),
        (
            "",
            {"dag_prefix": "s" * 251, "produced": {}},
            f'its dag_prefix "{"s" * 50}…" is longer than 250 characters',
        ),
        ("consumed", {"shop": {"z" * 2_501: [READER]}}, f'its name "{"z" * 50}…" is longer than 2,500'),
        (
            "pipelines/daily",
            {"cron": "0," * 300 + "0 0 * * *"},
            'cron "0,0,0,0,0,0,0,0,0,0,…" has more than 500',
        ),
        ("contact", {"channel": "#" * 201}, "not a valid registry entry: error at $[...].contact.channel"),
    ],
)
def test_an_entry_that_names_what_no_team_has_is_not_published_and_not_read(world, where, changes, problem):
    world.team("shop", node("m", pipelines=DAILY), node("z", "m", pipelines=["hourly"]))
    compile_("shop")
    path = Path("out/registry/shop.json")
    document = json.loads(path.read_text())
    place = document["shop"]
    for step in where.split("/") if where else ():
        place = place[int(step) if step.isdigit() else step]
    place |= changes
    path.write_text(json.dumps(document))
    assert problem in publish(code=1)
    with pytest.raises(RegistryUnreadableError, match=re.escape(problem)):
        decode_entry("shop", path.read_bytes())


def cycle(world: World, team: str, other: str, *reads: str) -> None:
    """A team with one asset, which may be built from the other team's."""
    declared = source(f"{other}.of_{other}", file=GLOBAL)
    reader = node(f"of_{team}", *reads, pipelines=DAILY)
    text = 'exposed_assets: [{regex: ".*"}]\nalerting: {channel: "#c"}\n'
    world.team(team, declared, reader, text=text, project=team)


CIRCLE = (
    "SCH309 found a dependency cycle: aa.of_aa (daily) #c → bb.of_bb (daily) #c → aa.of_aa (daily) #c\n"
    "  hint: to break the cycle, set one of these dependencies to no_wait, or split a model in two\n"
    "1 error\nnothing was published\n"
)


def test_of_two_teams_that_close_a_cycle_the_second_is_rejected(world):
    cycle(world, "aa", "bb")
    cycle(world, "bb", "aa")
    compile_("aa", "bb")
    publish()
    cycle(world, "aa", "bb", "bb.of_bb")
    compile_("aa", out="aa_out")
    cycle(world, "bb", "aa", "aa.of_aa")
    compile_("bb", out="bb_out")
    publish(out="aa_out")
    shutil.rmtree("out")
    shutil.move("bb_out", "out")
    assert publish(code=1) == f"out/registry/bb.json: {CIRCLE}"
    cycle(world, "bb", "aa")
    compile_("bb")
    assert publish() == "bb: already published\n"


def test_an_existing_cycle_upstream_does_not_block_a_publish(world):
    """Only the teams in the cycle can break it."""
    cycle(world, "aa", "bb")
    cycle(world, "bb", "aa")
    compile_("aa", "bb")
    publish()
    world.team("shop", source("aa.of_aa", file=GLOBAL), node("x", "aa.of_aa", pipelines=DAILY))
    compile_("shop", out="theirs")
    cycle(world, "aa", "bb", "bb.of_bb")
    compile_("aa", out="aa_out")
    cycle(world, "bb", "aa", "aa.of_aa")
    compile_("bb", out="bb_out")
    for team in ("aa", "bb"):
        shutil.copy(f"{team}_out/registry/{team}.json", f"registry/{team}.json")
    shutil.rmtree("out")
    shutil.move("theirs", "out")
    assert publish() == "shop: published to registry/shop.json\n"


def test_a_renamed_team_in_the_folder_of_its_old_self(world):
    world.team("old", node("a", pipelines=DAILY), folder="project")
    compile_("project")
    world.team("new", node("a", pipelines=DAILY), folder="project")
    compile_("project")
    warning = (
        'warning: new and old belong to the same dbt project "shop": if the team was renamed, compile to an empty folder, and publish that'
        "\n"
    )
    assert publish() == (
        f"{warning}{NEW}new: published to registry/new.json\nold: published to registry/old.json\n"
    )
