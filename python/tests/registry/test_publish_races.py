"""Concurrent publishes, and publishes that are killed."""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from build import PLATFORM, World, node
from dbt_scheduler.registry.entry import Contact, Entry
from dbt_scheduler.registry.stores import open_store
from fake_gcs import FakeGcs

DAILY = ["daily"]
COMMAND = [sys.executable, "-m", "dbt_scheduler"]
ENV = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}

LOST = (
    "{out}/registry/shop.json: SCH413 the registry entry of team shop has been published since this version was compiled\n"
    "  hint: run `dbt-scheduler compile` again with this registry, then publish\n"
    "1 error\nnothing was published\n"
)

APPENDS = """\
import sys
from msgspec.structs import replace
from dbt_scheduler.registry.entry import Acknowledged
from dbt_scheduler.registry.backend import ChangedError; from dbt_scheduler.registry.stores import open_store

url, name, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = open_store(url, 300)
for time in range(times):
    while True:
        reading = store.read_all()
        entry = reading.entries["shop"]
        changes = (*entry.acknowledged_changes, Acknowledged(f"{name}{time}", "removed", "unused"))
        try:
            store.replace("shop", replace(entry, acknowledged_changes=changes), reading.versions["shop"])
        except ChangedError:
            continue
        break
"""

WRITES_ALWAYS = """\
import itertools, sys
size = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
from dbt_scheduler.registry.entry import Acknowledged, Contact, Entry
from dbt_scheduler.registry.stores import open_store

store = open_store(sys.argv[1])
fields = {"dag_prefix": "shop", "contact": Contact(), "pipelines": {}, "produced": {}, "consumed": {}}
for number in itertools.count():
    long = Acknowledged("orders", "removed", str(number % 10) * size)
    entry = Entry(**fields, acknowledged_changes=(long,))
    store.replace("shop", entry, store.read_all().versions.get("shop"))
    if number == 0:
        print("ready", flush=True)
"""


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.chdir(tmp_path)
    return World(Path(), f"{PLATFORM}registry: {{url: file:registry}}\n")


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, *arguments], env=ENV, stderr=subprocess.PIPE, text=True)


def command(*arguments: str) -> tuple[int, str]:
    process = start(*arguments)
    _, reported = process.communicate()
    return process.returncode, reported


def test_two_publishes_of_one_team_at_once(world):
    """The second one is rejected, by the check or by the write, and succeeds after compiling again."""
    for name in ("a", "b"):
        world.team("shop", node(name, pipelines=DAILY))
        assert command("compile", "shop", "--out", name)[0] == 0
    for _ in range(3):
        shutil.rmtree("registry", ignore_errors=True)
        running = {name: start("publish", name) for name in ("a", "b")}
        reported = {name: process.communicate()[1] for name, process in running.items()}
        codes = {name: process.returncode for name, process in running.items()}
        (winner,) = [name for name in codes if codes[name] == 0]
        (loser,) = [name for name in codes if codes[name] == 1]
        assert reported[loser] == LOST.format(out=loser)
        assert Path("registry/shop.json").read_bytes() == Path(winner, "registry/shop.json").read_bytes()
    assert command("compile", "shop", "--out", "again")[0] == 0
    assert command("publish", "again")[0] == 0


def test_publishes_of_two_teams_at_once(world):
    for name in ("shop", "audit"):
        world.team(name, node(name, pipelines=DAILY))
        assert command("compile", name, "--out", name)[0] == 0
    running = [start("publish", name) for name in ("shop", "audit")]
    for process in running:
        process.communicate()
    assert [process.returncode for process in running] == [0, 0]
    assert sorted(path.name for path in Path("registry").glob("*.json")) == ["audit.json", "shop.json"]


def empty() -> Entry:
    return Entry(dag_prefix="shop", contact=Contact(), pipelines={}, produced={}, consumed={})


def append(url: str, processes: int, times: int) -> list[str]:
    """The contents of one entry after each process has added a number of names."""
    open_store(url).replace("shop", empty(), None)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDS, url, f"p{number}_", str(times)], env=dict(os.environ)
        )
        for number in range(processes)
    ]
    assert [process.wait() for process in running] == [0] * processes
    return sorted(each.asset for each in open_store(url).read_all().entries["shop"].acknowledged_changes)


def names(processes: int, times: int) -> list[str]:
    return sorted(f"p{number}_{time}" for number in range(processes) for time in range(times))


def test_no_update_of_many_processes_is_lost(tmp_path):
    assert append((tmp_path / "registry").as_uri(), 5, 40) == names(5, 40)


def test_no_update_of_many_processes_is_lost_in_google_cloud_storage(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with FakeGcs("bucket").serving() as gcs:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
        assert append("gs://bucket/registry", 3, 8) == names(3, 8)


def whole(url: str) -> str:
    """The text in the entry, which is one repeated digit."""
    reading = open_store(url).read_all()
    assert reading.findings == ()
    (long,) = reading.entries["shop"].acknowledged_changes
    assert long.reason == long.reason[0] * 200_000
    return long.reason[0]


def test_a_killed_publish_leaves_a_whole_registry(tmp_path):
    url = (tmp_path / "registry").as_uri()
    chance = random.Random(7)  # noqa: S311 - no secret
    seen: list[str] = []
    while (
        len(seen) < 20 or len({*seen}) == 1
    ):  # on a busy machine, none of 20 may have reached its second write
        assert len(seen) < 500
        process = subprocess.Popen([sys.executable, "-c", WRITES_ALWAYS, url], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        process.communicate()
        seen.append(whole(url))
    store = open_store(url)
    store.replace("shop", empty(), store.read_all().versions["shop"])
    assert list(store.read_all().entries) == ["shop"]


def test_readers_of_a_folder_see_whole_documents_during_writes(tmp_path):
    url = (tmp_path / "registry").as_uri()
    process = subprocess.Popen([sys.executable, "-c", WRITES_ALWAYS, url], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    try:
        seen: list[str] = []
        while len(seen) < 150 or len({*seen}) == 1:
            assert len(seen) < 100_000
            seen.append(whole(url))
    finally:
        process.kill()
        process.communicate()


def test_a_publish_that_is_killed_halfway_through_its_upload_leaves_the_old_entry(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    url, size = "gs://bucket/registry", "7000000"  # more than fits into the buffers between two processes
    with FakeGcs("bucket").serving() as gcs:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
        open_store(url).replace("shop", empty(), None)
        arriving, killed = threading.Event(), threading.Event()

        def hold() -> None:
            arriving.set()
            killed.wait(300)

        gcs.arriving = hold
        process = subprocess.Popen([sys.executable, "-c", WRITES_ALWAYS, url, size])
        assert arriving.wait(300)
        process.kill()
        process.wait()
        killed.set()
        deadline = time.monotonic() + 300
        while "cut off" not in gcs.calls:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert open_store(url).read_all().entries == {"shop": empty()}
