"""The registry in a folder: whole documents, one team's trouble is not another's, names that stay inside."""

import os
import subprocess
import sys

import pytest

from dbt_scheduler import files
from dbt_scheduler.files import write_atomically
from dbt_scheduler.registry import Contact, Entry, Produced
from dbt_scheduler.stores import RegistryUnreadableError, open_store, registry_url, schemes
from dbt_scheduler.stores.file import FolderStore


def entry(**changes) -> Entry:
    fields = {"dag_prefix": "shop", "contact": Contact(), "pipelines": {}, "produced": {}, "consumed": {}}
    return Entry(**{**fields, **changes})


@pytest.fixture
def store(tmp_path) -> FolderStore:
    return FolderStore(tmp_path / "registry")


def test_a_registry_that_does_not_exist_yet_is_empty(store):
    assert store.teams() == ()
    assert store.read("shop") is None
    assert store.read_all().entries == {}


def test_what_is_written_is_read(store):
    made = Produced(
        dag_prefix="shop",
        task_group=None,
        task_id="orders",
        pipeline="daily",
        slo_seconds=None,
        pipelines={},
        exposed=True,
        relation=None,
        columns={"é": None},
    )
    written = entry(produced={"orders": made})
    store.write("shop", written)
    store.write("audit", entry(dag_prefix="a"))
    assert store.teams() == ("audit", "shop")
    assert store.read("shop") == written
    assert store.read_all().entries == {"audit": entry(dag_prefix="a"), "shop": written}
    assert open_store(f"file://{store.folder}").read("shop") == written


def test_the_same_entry_gives_the_same_bytes(store):
    store.write("shop", entry())
    first = (store.folder / "shop.json").read_bytes()
    store.write("shop", entry())
    assert (store.folder / "shop.json").read_bytes() == first
    assert os.listdir(store.folder) == ["shop.json"]  # noqa: PTH208


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it ends in the middle"),
        (b'{"shop": {"format_ver', "it ends in the middle"),
        (b"<html>", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[]", "it is no registry entry: wrong at its top level"),
        (b'{"other": {"format_version": 1}}', "it is another team's"),
        (b'{"shop": {"format_version": 2}}', "it has format_version 2, this release reads 1"),
        (
            b'{"shop": {"format_version": 1, "dag_prefix": 5}}',
            "it is no registry entry: wrong at $[...].dag_prefix",
        ),
    ],
)
def test_an_unreadable_entry_is_told_and_hides_no_other(store, content, problem):
    store.write("audit", entry())
    (store.folder / "shop.json").write_bytes(content)
    reading = store.read_all()
    assert list(reading.entries) == ["audit"]
    (finding,) = reading.findings
    assert (finding.code, finding.path, finding.subject) == (
        "SCH409",
        str(store.folder / "shop.json"),
        "shop",
    )
    assert finding.message == f'the registry entry of team "shop" cannot be read: {problem}'
    with pytest.raises(RegistryUnreadableError, match=r"^it "):
        store.read("shop")


def test_a_registry_that_is_a_file_is_unreadable(tmp_path):
    (tmp_path / "registry").write_text("x")
    with pytest.raises(RegistryUnreadableError, match="not a directory"):
        FolderStore(tmp_path / "registry").teams()


@pytest.mark.parametrize("team", ["../shop", "..", "a/b", "", ".hidden", "shop\n", "a" * 201, "shop.json/.."])
def test_names_do_not_lead_out_of_the_folder(store, team):
    (store.folder.parent / "shop.json").write_text("{}")
    assert store.read(team) is None
    with pytest.raises(ValueError, match="cannot be the name of a team"):
        store.write(team, entry())


def test_other_files_are_left_alone(store):
    store.write("shop", entry())
    for name in ("README.md", ".shop.json.1234.tmp", "a b.json"):
        (store.folder / name).write_text("x")
    assert store.teams() == ("shop",)


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "f.json"
    write_atomically(path, b"old")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in path.parent.iterdir()] == ["f.json"]


def test_a_written_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    write_atomically(tmp_path / "written", b"")
    assert (tmp_path / "written").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_urls(tmp_path):
    here = str(tmp_path.resolve())
    assert registry_url("file:///srv/registry", tmp_path) == "file:///srv/registry"
    assert registry_url("file:registry", tmp_path) == f"file://{here}/registry"
    assert registry_url("some registry", tmp_path) == f"file://{here}/some%20registry"
    opened = open_store(registry_url("some registry", tmp_path))
    assert isinstance(opened, FolderStore)
    assert str(opened.folder) == f"{here}/some registry"
    assert schemes() == ("file",)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://host/x", "registry URLs start with file:, not with ftp"),
        ("_entries:x", "registry URLs start with file:, not with _entries:x"),
        ("registry", "registry URLs start with file:, not with registry"),
        ("file:registry", '"file:registry" names no folder: write file:///an/absolute/folder'),
        ("file://registry/x", '"file://registry/x" names no folder: write file:///an/absolute/folder'),
    ],
)
def test_urls_that_open_nothing(url, problem):
    with pytest.raises(ValueError, match=r"^") as raised:
        open_store(url)
    assert str(raised.value) == problem


@pytest.mark.parametrize("url", ["", "file:", "file://host/x", "file:///x?y", "ftp://host/x"])
def test_urls_that_cannot_be_made_absolute(url, tmp_path):
    with pytest.raises(ValueError, match=r"registry|no folder"):
        registry_url(url, tmp_path)


def test_the_stores_are_light_to_import():
    program = "import sys, dbt_scheduler.stores.file; print({'yaml', 'jsonschema'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
