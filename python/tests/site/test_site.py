"""``registry site``: a folder for a browser, for any contents of the registry, which is replaced atomically."""

import json
import os
import time
from pathlib import Path

import msgspec
import pytest

from build import World, node
from builders import an_entry
from command import run
from dbt_scheduler import files
from dbt_scheduler.registry.encoding import encode_entry
from dbt_scheduler.registry.entry import Contact, Entry
from dbt_scheduler.site import writing
from static_site import document, documents

HOSTILE = "</script><script>alert(1)</script><!-- \u2028\u2029 ${x} `y` \\ \" ' \x00 \u202e 🚢"
HISTORY = {
    "format_version": 1,
    "generated_at": "2025-09-09T06:30:00Z",
    "since": "2025-08-10T00:00:00Z",
    "until": "2025-09-09T06:30:00Z",
    "runs": [],
    "landings": [],
    "waits": [],
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    return tmp_path


def publish(*entries: tuple[str, Entry]) -> None:
    Path("registry").mkdir(exist_ok=True)
    for team, entry in entries:
        Path(f"registry/{team}.json").write_bytes(encode_entry(team, entry))


def shipping(**changes) -> tuple[str, Entry]:
    return "shipping", msgspec.structs.replace(an_entry("orders", "daily", slo_seconds=3600), **changes)


def site(*arguments: str, code: int = 0) -> str:
    return run("registry", "site", "--out", "site", "--registry", "registry", *arguments, code=code).stderr


def there(out: str = "site") -> set[str]:
    return {str(path.relative_to(out)) for path in Path(out).rglob("*") if path.is_file()}


def test_a_site_is_pages_and_documents():
    publish(shipping())
    assert site() == "1 asset of 1 team written: open site/index.html\n"
    index = document(Path("site"), "index")
    below = f"data/{index['folder']}"
    assert there() == {
        ".dbt-scheduler-site", "index.html", "app.js", "app.css",
        "data/index.js", f"{below}/edges.js", f"{below}/teams/0.js",
    }  # fmt: skip
    assert index["assets"]["name"] == ["orders"]
    assert index["registry"] == f"file://{Path('registry').resolve()}"
    assert (index["problems"], index["documents"], index["airflow_url"]) == ([], [], None)
    assert document(Path("site"), "teams/0")["name"] == "shipping"


def test_text_of_teams_is_text_in_a_script():
    made = an_entry("orders", "daily").produced["orders"]
    produced = {HOSTILE: msgspec.structs.replace(made, description=HOSTILE, columns={HOSTILE: HOSTILE})}
    publish(shipping(produced=produced, contact=Contact(HOSTILE, (HOSTILE,))))
    site()
    (team,) = (document(Path("site"), "teams/0"),)
    shown = HOSTILE.replace("\x00", "␀")
    assert list(team["assets"]) == [shown]
    assert team["assets"][shown]["description"] == team["channel"] == shown
    for path in Path("site/data").rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not set(text) & set("<\u2028\u2029\x00"), path
        assert text.count("\n") == 1


def test_an_entry_that_cannot_be_read_is_named_and_the_others_are_shown():
    publish(shipping())
    Path("registry/shop.json").write_text("{")
    reported = site()
    assert 'SCH409 the registry entry of team "shop" cannot be read: it is truncated' in reported
    assert reported.endswith("1 asset of 1 team written: open site/index.html\n")
    assert document(Path("site"), "index")["problems"] == [
        'the registry entry of team "shop" cannot be read: it is truncated'
    ]


def test_a_registry_without_teams_is_a_site_too():
    publish()
    reported = site()
    assert reported.endswith("0 assets of 0 teams written: open site/index.html\n")
    assert document(Path("site"), "index")["assets"]["name"] == []


def test_without_a_registry_there_is_no_site():
    assert "SCH423" in site(code=2)
    assert not Path("site").exists()


def test_findings_of_the_last_check_are_a_document(folder):
    world = World(folder)
    world.team("shop", node("a", pipelines=["gone"]))
    found = run("check", "shop", "--format", "json", code=1).stdout
    Path("findings.json").write_text(found)
    publish(shipping())
    site("--findings", "findings.json")
    assert document(Path("site"), "index")["documents"] == ["findings"]
    assert document(Path("site"), "findings") == {"findings": json.loads(found)}
    assert json.loads(found)[0]["team"] == "shop"


def landing(day: int, *, met: bool | None, asset: str = "orders") -> dict[str, object]:
    start = f"2025-08-{day:02}T00:00:00Z"
    return {
        "team": "shipping", "asset": asset, "pipeline": "daily", "dag_id": "shipping_daily", "run_id": f"r{day}",
        "period_start": start, "due": start, "landed": None, "met": met,
    }  # fmt: skip


def test_the_last_thirty_decided_runs_count_for_the_slo():
    publish(shipping())
    landings = [
        landing(31, met=None),
        *(landing(day, met=day != 20) for day in range(2, 31)),
        landing(1, met=False),
    ]
    landings += [landing(day, met=False, asset="gone") for day in (5, 6)]
    Path("history.json").write_text(json.dumps({**HISTORY, "landings": landings}))
    site("--history", "history.json")
    index = document(Path("site"), "index")
    assert (index["documents"], index["assets"]["slo"]) == (["history"], [[28, 30]])
    assert document(Path("site"), "history")["landings"][0]["met"] is None


@pytest.mark.parametrize(
    ("option", "content", "reported"),
    [
        ("--history", "{}", "given.json is not a valid file for --history"),
        ("--history", json.dumps({**HISTORY, "format_version": 2}), "given.json has format_version 2"),
        (
            "--history",
            '{"format_version": 1,',
            "given.json is not a valid file for --history: it is not JSON, or it is",
        ),
        (
            "--findings",
            "",
            "given.json is not a valid file for --findings: it is not JSON, or it is truncated",
        ),
        ("--history", "[" * 100_000, "given.json is not a valid file for --history"),
        ("--findings", '{"findings": []}', "given.json is not a valid file for --findings"),
        ("--findings", "\ud800", "given.json is not a valid file for --findings"),
    ],
)
def test_a_file_of_something_else_is_refused(option, content, reported):
    publish(shipping())
    Path("given.json").write_text(content, errors="surrogatepass")
    found = site(option, "given.json", code=2)
    assert found.startswith(reported)
    assert "  hint: " in found
    assert not Path("site").exists()


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "airflow", "http://", "http://[", "https://me:secret@airflow", "http://a?b=c"],
)
def test_a_page_links_to_no_such_address(url):
    publish(shipping())
    reported = site("--airflow-url", url, code=2)
    assert reported.startswith("--airflow-url ")
    assert "secret" not in reported


def test_links_to_airflow_start_where_it_is():
    publish(shipping())
    site("--airflow-url", "https://airflow.example.com/prod/")
    assert document(Path("site"), "index")["airflow_url"] == "https://airflow.example.com/prod"


def test_the_same_registry_gives_the_same_documents():
    publish(shipping())
    site()
    first = documents(Path("site"))
    site()
    assert documents(Path("site")) == first


@pytest.mark.parametrize("inside", ["notes.txt", "index.html", "data/index.js", ".git"])
def test_a_folder_with_other_things_in_it_is_left_alone(inside):
    publish(shipping())
    path = Path("site") / inside
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    reported = site(code=2)
    assert (
        "SCH407 the output cannot be written: this folder contains files that `registry site` did not write"
        in reported
    )
    assert there() == {inside}
    assert path.read_text() == "mine"


def test_files_beside_those_of_a_site_stay():
    publish(shipping())
    Path("site").mkdir()
    site()
    Path("site/CNAME").write_text("registry.example.com")
    site()
    assert Path("site/CNAME").read_text() == "registry.example.com"


@pytest.mark.parametrize("link", ["data", "teams"])
def test_a_link_in_a_site_leads_nowhere(link, folder):
    publish(shipping())
    site()
    place = Path("site/data")
    if link == "teams":
        place /= f"{document(Path('site'), 'index')['folder']}/teams"
    elsewhere = folder / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    before = {path: path.read_bytes() for path in elsewhere.rglob("*.js")}
    publish(shipping(contact=Contact("#other")))
    if link == "data":
        assert "SCH407" in site(code=2)
    else:
        site()
    assert {path: path.read_bytes() for path in elsewhere.rglob("*.js")} == before


def test_a_write_that_is_interrupted_anywhere_leaves_the_site_before(monkeypatch):
    publish(shipping())
    site()
    before = documents(Path("site"))
    publish(shipping(contact=Contact("#other")), ("shop", an_entry("dim", "daily", team="shop")))
    written: list[Path] = []

    def once(path: Path, content: bytes) -> None:
        if written:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        files.write_atomically(path, content)

    monkeypatch.setattr(writing, "write_atomically", once)
    for name in ("edges.js", "0.js", "1.js"):
        assert "SCH407 the output cannot be written: no space left on device" in site(code=2)
        assert written.pop().name == name
        assert documents(Path("site")) == before
    site()
    assert written.pop().name == "index.js"
    assert len(document(Path("site"), "index")["teams"]) == 2


def test_documents_of_the_site_before_stay_for_pages_that_are_open_for_an_hour():
    publish(shipping())
    site()
    first = Path("site/data") / document(Path("site"), "index")["folder"]
    publish(shipping(contact=Contact("#other")))
    site()
    second = Path("site/data") / document(Path("site"), "index")["folder"]
    assert first.is_dir()
    assert first != second
    for path in (first, second):
        os.utime(path, (time.time() - 3700,) * 2)
    site()
    assert (first.exists(), second.exists()) == (False, True)
