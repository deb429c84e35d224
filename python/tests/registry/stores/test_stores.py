"""The registry in a folder: whole documents, independent teams, and names that stay inside the folder."""

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dbt_scheduler import files
from dbt_scheduler.files import write_atomically
from dbt_scheduler.findings.printable import shown_url
from dbt_scheduler.registry import stores
from dbt_scheduler.registry.backend import ChangedError, RegistryUnreadableError, RegistryUnwritableError
from dbt_scheduler.registry.entry import AssetPipeline, Contact, Entry, Produced
from dbt_scheduler.registry.store import RegistryContents, Store
from dbt_scheduler.registry.stores import open_store, registry_url, schemes, typed_url
from dbt_scheduler.spec import Schedule


def entry(**changes) -> Entry:
    fields = {"dag_prefix": "shop", "contact": Contact(), "pipelines": {}, "produced": {}, "consumed": {}}
    return Entry(**{**fields, **changes})


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "registry"


@pytest.fixture
def store(folder) -> Store:
    return open_store(folder.as_uri())


def one_asset(**changes: Any) -> Entry:
    """A team with one asset in one pipeline, with changes to the asset."""
    fields: dict[str, Any] = {
        "dag_prefix": "shop",
        "task_group": None,
        "task_id": "orders",
        "pipeline": "daily",
        "slo_seconds": None,
        "pipelines": {"daily": AssetPipeline(slo_seconds=None, exposed=True)},
        "exposed": True,
        "relation": None,
        "columns": {"é": None},
    }
    return entry(
        pipelines={"daily": Schedule("10 0 * * *")}, produced={"orders": Produced(**{**fields, **changes})}
    )


def teams(store: Store) -> list[str]:
    return list(store.read_all().versions)


def write(store: Store, team: str, written: Entry) -> None:
    """Replace the entry unconditionally."""
    store.replace(team, written, store.read_all().versions.get(team))


def test_a_registry_that_does_not_exist_yet_is_empty(store):
    assert store.read("shop") is None
    assert store.read_all() == RegistryContents({}, (), missing=True)
    assert store.read_all().unreadable == frozenset()


def test_a_registry_that_is_there_and_has_nothing(store, folder):
    folder.mkdir()
    assert store.read_all() == RegistryContents({}, ())


def test_what_is_written_is_read(store):
    written = one_asset(slo_seconds=10**10)
    write(store, "shop", written)
    write(store, "audit", entry(dag_prefix="a"))
    assert store.read("shop") == written
    assert store.read_all().entries == {"audit": entry(dag_prefix="a"), "shop": written}


def test_the_same_entry_gives_the_same_bytes(store, folder):
    write(store, "shop", entry())
    first = (folder / "shop.json").read_bytes()
    write(store, "shop", entry())
    assert (folder / "shop.json").read_bytes() == first
    assert sorted(os.listdir(folder)) == [".publish.lock", "shop.json"]  # noqa: PTH208


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is truncated"),
        (b'{"shop": {"format_ver', "it is truncated"),
        (b"<html>", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[]", "not a valid registry entry: error at the top level"),
        (b'{"other": {"format_version": 1}}', "it belongs to another team"),
        (b'{"shop": {"format_version": 3}}', "format_version 3 is not supported; supported: 1 and 2"),
        (
            b'{"shop": {"format_version": 1, "dag_prefix": 5}}',
            "not a valid registry entry: error at $[...].dag_prefix",
        ),
        (b"[" * 100_000, "not a valid registry entry: error at the top level"),
        (
            b'{"shop": {"format_version": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
            "it is nested too deeply",
        ),
    ],
)
def test_an_unreadable_entry_is_reported_and_hides_no_other(store, folder, content, problem):
    write(store, "audit", entry())
    (folder / "shop.json").write_bytes(content)
    reading = store.read_all()
    assert list(reading.entries) == ["audit"]
    assert list(reading.versions) == ["audit", "shop"]
    assert reading.unreadable == {"shop"}
    (finding,) = reading.findings
    assert (finding.code, finding.path, finding.subject) == (
        "SCH409",
        str(folder / "shop.json"),
        "shop",
    )
    assert finding.message == f'the registry entry of team "shop" cannot be read: {problem}'
    with pytest.raises(RegistryUnreadableError, match=f"^{re.escape(problem)}$"):
        store.read("shop")


OTHER = {"hourly": AssetPipeline(slo_seconds=None, exposed=True)}
HIDDEN = {"daily": AssetPipeline(slo_seconds=None, exposed=False)}
LATE = {"daily": AssetPipeline(slo_seconds=10**18, exposed=True)}
SLO = "not a valid registry entry: error at $[...].produced[...]"


def of_schedule(schedule: Schedule) -> Entry:
    return entry(pipelines={"daily": schedule})


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            one_asset(pipelines={}),
            'its asset "orders" is not built in its main pipeline "daily"',
        ),
        (
            one_asset(pipeline="hourly"),
            'its asset "orders" is not built in its main pipeline "hourly"',
        ),
        (
            one_asset(pipeline="hourly", pipelines=OTHER),
            'its asset "orders" is built in the unknown pipeline "hourly"',
        ),
        (one_asset(pipelines=HIDDEN), 'its asset "orders" is exposed, but not in any pipeline'),
        (one_asset(slo_seconds=-5), f"{SLO}.slo_seconds"),
        (one_asset(slo_seconds=10**10 + 1), f"{SLO}.slo_seconds"),
        (one_asset(pipelines=LATE), f"{SLO}.pipelines[...].slo_seconds"),
        *(
            (of_schedule(schedule), f'its pipeline "daily" is not supported: {reason}')
            for schedule, reason in (
                (Schedule("bogus"), 'cron "bogus" has 1 field instead of five'),
                (Schedule("0 0 30 2 *"), 'cron "0 0 30 2 *" never runs'),
                (Schedule("0 0 * * *", timezone="Mars/X"), 'timezone "Mars/X" is unknown'),
                (Schedule("0 0 * * *", grain="eon"), 'grain "eon" is unknown'),
                (Schedule("0 0 * * *", start_date="soon"), 'start_date "soon" is not a valid date'),
            )
        ),
    ],
)
def test_an_entry_that_contradicts_itself_is_unreadable(store, folder, written, problem):
    folder.mkdir()
    (folder / "shop.json").write_bytes(msgspec.json.encode({"shop": written}))
    write(store, "audit", entry())
    reading = store.read_all()
    assert list(reading.entries) == ["audit"]
    (finding,) = reading.findings
    assert finding.message == f'the registry entry of team "shop" cannot be read: {problem}'


def test_a_registry_that_is_a_file_is_unreadable(tmp_path):
    (tmp_path / "registry").write_text("x")
    with pytest.raises(RegistryUnreadableError, match="not a directory"):
        open_store((tmp_path / "registry").as_uri()).read_all()


@pytest.mark.parametrize("team", ["../shop", "..", "a/b", "", ".hidden", "shop\n", "a" * 201, "shop.json/.."])
def test_names_do_not_lead_out_of_the_folder(store, folder, team):
    (folder.parent / "shop.json").write_text("{}")
    assert store.read(team) is None
    with pytest.raises(ValueError, match="is not a valid team name"):
        store.replace(team, entry(), None)


def test_other_files_are_left_alone(store, folder):
    write(store, "shop", entry())
    for name in ("README.md", ".shop.json.1234.tmp", "a b.json"):
        (folder / name).write_text("x")
    assert teams(store) == ["shop"]


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


@pytest.mark.parametrize("known", [None, "0" * 32])
def test_what_is_there_is_replaced_by_whoever_has_read_it(store, known):
    write(store, "shop", entry())
    with pytest.raises(ChangedError):
        store.replace("shop", entry(dag_prefix="mine"), known)
    assert store.read("shop") == entry()
    store.replace("shop", entry(dag_prefix="mine"), store.read_all().versions["shop"])
    assert store.read("shop") == entry(dag_prefix="mine")


def test_what_is_gone_is_not_written_again(store, folder):
    write(store, "shop", entry())
    version = store.read_all().versions["shop"]
    (folder / "shop.json").unlink()
    with pytest.raises(ChangedError):
        store.replace("shop", entry(dag_prefix="mine"), version)
    assert teams(store) == []


def test_a_write_that_is_repeated_finds_itself(store):
    store.replace("shop", entry(), None)
    store.replace("shop", entry(), None)


def test_a_damaged_entry_is_replaced_like_any_other(store, folder):
    folder.mkdir()
    (folder / "shop.json").write_text("{")
    write(store, "shop", entry())
    assert store.read("shop") == entry()


def test_an_entry_of_a_later_release_is_recognised(store, folder):
    folder.mkdir()
    (folder / "shop.json").write_text('{"shop": {"format_version": 3}}')
    (folder / "audit.json").write_text('{"audit": {"format_version": 0}}')
    reading = store.read_all()
    assert reading.newer == {"shop"}
    assert [finding.hint for finding in reading.findings] == [
        "that team's next publish replaces the entry",
        "upgrade dbt-scheduler",
    ]


def test_a_read_only_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RegistryUnwritableError, match="not a directory"):
        open_store((tmp_path / "file" / "registry").as_uri()).replace("shop", entry(), None)


def test_a_publish_waits_for_another_one_but_not_forever(store, folder, monkeypatch):
    write(store, "shop", entry())
    monkeypatch.setattr("dbt_scheduler.registry.stores.file._PATIENCE", 0.1)
    with (folder / ".publish.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(
            RegistryUnwritableError,
            match=r"^another publish did not finish within 0.1 seconds$",
        ):
            write(store, "shop", entry(dag_prefix="mine"))
    assert store.read("shop") == entry()
    write(store, "shop", entry(dag_prefix="mine"))


def test_a_lock_that_another_user_made_can_be_taken(store, folder, monkeypatch):
    """On a shared machine with the usual umask, other users can read the lock file, but not write it."""
    write(store, "shop", entry())
    assert (folder / ".publish.lock").stat().st_mode & 0o444 == 0o444
    real = os.open

    def open_as_another(path, flags, *rest) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *rest)

    monkeypatch.setattr("dbt_scheduler.registry.stores.file.os.open", open_as_another)
    write(store, "audit", entry())
    assert teams(store) == ["audit", "shop"]


def test_an_entry_of_any_size_hides_no_other(store, folder):
    write(store, "shop", entry())
    (folder / "evil.json").touch()
    os.truncate(folder / "evil.json", 2**40)  # a sparse file, too large to read as a whole
    reading = store.read_all()
    assert reading.entries == {"shop": entry()}
    assert [finding.message for finding in reading.findings] == [
        'the registry entry of team "evil" cannot be read: it is larger than 50,000,000 bytes'
    ]
    write(store, "evil", entry(dag_prefix="evil"))
    assert store.read("evil") == entry(dag_prefix="evil")


def test_an_unreadable_entry_is_not_written(store):
    long = entry(contact=Contact("x" * 50_000_000))
    with pytest.raises(RegistryUnwritableError, match="larger than 50,000,000 bytes"):
        store.replace("shop", long, None)
    assert store.read("shop") is None


def test_an_entry_that_is_a_folder_hides_no_other(store, folder):
    write(store, "audit", entry())
    (folder / "shop.json").mkdir()
    reading = store.read_all()
    assert list(reading.entries) == list(reading.versions) == ["audit"]
    assert [finding.message for finding in reading.findings] == [
        'the registry entry of team "shop" cannot be read: is a directory'
    ]


def test_a_lock_that_is_a_link_is_not_followed(store, folder, tmp_path):
    folder.mkdir()
    (folder / ".publish.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RegistryUnwritableError, match=r"/\.publish\.lock is a symlink: remove it$"):
        store.replace("shop", entry(), None)
    assert not (tmp_path / "elsewhere").exists()
    assert teams(store) == []


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            lambda path: path.symlink_to(path.parent.parent / "secret.json"),
            "it is a symlink to a file outside its folder",
        ),
        (lambda path: path.symlink_to("/dev/zero"), "it is a symlink to a file outside its folder"),
        (lambda path: path.symlink_to(path.name), "it is a symlink to itself"),
        (os.mkfifo, "not a regular file"),
    ],
    ids=["link", "device", "loop", "pipe"],
)
def test_an_entry_that_leads_out_of_the_registry_is_not_read(store, folder, make, reason):
    write(store, "audit", entry())
    (folder.parent / "secret.json").write_bytes((folder / "audit.json").read_bytes())
    make(folder / "shop.json")
    reading = store.read_all()
    assert [*reading.entries] == ["audit"]
    assert [finding.message for finding in reading.findings] == [
        f'the registry entry of team "shop" cannot be read: {reason}'
    ]


def test_a_link_within_the_registry_is_read(store, folder):
    """As in a mounted ConfigMap."""
    (folder / "..data").mkdir(parents=True)
    write(store, "shop", entry())
    (folder / "shop.json").rename(folder / "..data" / "shop.json")
    (folder / "shop.json").symlink_to("..data/shop.json")
    assert store.read("shop") == entry()


def test_a_team_name_that_differs_only_in_case_is_not_written(store, folder):
    write(store, "shop", entry())
    with pytest.raises(RegistryUnwritableError, match=r'^the name of team "shop" differs only in case$'):
        store.replace("Shop", entry(), None)
    assert teams(store) == ["shop"]


def test_urls(tmp_path):
    here = str(tmp_path.resolve())
    assert registry_url("file:///srv/registry", tmp_path) == "file:///srv/registry"
    assert registry_url("file:/srv/registry", tmp_path) == "file:///srv/registry"
    assert registry_url("file:registry", tmp_path) == f"file://{here}/registry"
    assert registry_url("some registry", tmp_path) == f"file://{here}/some%20registry"
    assert registry_url("gs://my-bucket", tmp_path) == "gs://my-bucket"
    assert registry_url("gs://my_bucket.com/a/b.c", tmp_path) == "gs://my_bucket.com/a/b.c"
    opened = open_store(registry_url("some registry", tmp_path))
    assert opened.place("shop") == f"{here}/some registry/shop.json"
    assert open_store("gs://my-bucket/a/b").place("shop") == "gs://my-bucket/a/b/shop.json"
    assert open_store("gs://my-bucket").place("shop") == "gs://my-bucket/shop.json"


def test_a_path_on_the_command_line_is_what_the_shell_means(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    here = tmp_path.resolve()
    assert typed_url("../out/registry") == f"{here.as_uri()}/out/registry"
    assert typed_url("/srv/a%2e") == "file:///srv/a%252e"
    assert typed_url("file:registry") == f"{here.as_uri()}/deep/registry"
    assert typed_url("gs://bucket/x") == "gs://bucket/x"


STARTS = f"registry URLs start with {', '.join(f'{name}:' for name in schemes())}, not with"
BUCKET = "use gs://bucket or gs://bucket/a/prefix, without a trailing slash"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://host/x", f"{STARTS} ftp"),
        ("_entries:x", f"{STARTS} _entries:x"),
        ("_documents:x", f"{STARTS} _documents:x"),
        ("registry", f"{STARTS} registry"),
        ("GS://bucket", f"{STARTS} GS"),
        ("file:registry", '"file:registry" is not the URL of a folder: use file:///an/absolute/folder'),
        (
            "file://registry/x",
            '"file://registry/x" is not the URL of a folder: use file:///an/absolute/folder',
        ),
        (
            "file://me:secret@host/x",
            '"file://...@host/x" is not the URL of a folder: use file:///an/absolute/folder',
        ),
        ("file:////host/x", '"file:////host/x" is not the URL of a folder: use file:///an/absolute/folder'),
        ("file:///x?y", '"file:///x?..." is not the URL of a folder: use file:///an/absolute/folder'),
        ("file:///x#y", '"file:///x#..." is not the URL of a folder: use file:///an/absolute/folder'),
        ("file:///x/../y", '"file:///x/../y" must not contain ".."'),
        ("file:///x/%2e%2E/y", '"file:///x/%2e%2E/y" must not contain ".."'),
        ("file:///x%2f..%2fy", '"file:///x%2f..%2fy" must not contain ".."'),
        ("file:///x%00", '"file:///x%00" contains a null character'),
        *(
            (url, f'"{url}" is not the URL of a bucket: {BUCKET}')
            for url in (
                "gs:",
                "gs:bucket",
                "gs:/bucket",
                "gs://",
                "gs:///x",
                "gs://b",
                "gs://Bucket",
                "gs://bucket/",
                "gs://bucket//x",
                "gs://bucket/x/",
                "gs://bucket/../x",
                "gs://bucket/./x",
                "gs://bucket/x/..",
                "gs://bucket/%2e%2e/x",
                "gs://bucket/a%2fb",
                "gs://bucket%2fb",
                "gs://bucket:443/x",
                "gs://bucket/a b",
                "gs://bucket/x\n",
                "gs://bu\ncket/x",
                "gs://bucket\\x",
                "gs://a..b/x",
                "gs://-bucket",
                "gs://[::1]/x",
            )
        ),
        ("gs://me:secret@bucket/x", f'"gs://...@bucket/x" is not the URL of a bucket: {BUCKET}'),
        ("gs://bucket/x?generation=1", f'"gs://bucket/x?..." is not the URL of a bucket: {BUCKET}'),
        ("gs://bucket/x#1", f'"gs://bucket/x#..." is not the URL of a bucket: {BUCKET}'),
        ("//me:secret@host/x", f"{STARTS} //...@host/x"),
    ],
)
def test_urls_that_open_nothing(url, problem, tmp_path):
    with pytest.raises(ValueError, match=r"^") as raised:
        open_store(url)
    assert str(raised.value) == problem
    if ":" in url and not url.startswith(("file:registry", "_")):
        with pytest.raises(ValueError, match=r"^"):
            registry_url(url, tmp_path)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", '"" is not a valid URL: use file:///an/absolute/folder or file:a/relative/one'),
        ("file:", '"file:" is not a valid URL: use file:///an/absolute/folder or file:a/relative/one'),
        ("file:../x", '"file:../x" must not contain ".."'),
        ("../x", '"../x" must not contain ".."'),
        ("file:a/%2e%2e/b", '"file:a/%2e%2e/b" must not contain ".."'),
        ("ftp://host/x", f"{STARTS} ftp"),
    ],
)
def test_urls_that_cannot_be_made_absolute(url, problem, tmp_path):
    with pytest.raises(ValueError, match=r"^") as raised:
        registry_url(url, tmp_path)
    assert str(raised.value) == problem


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("gs://bucket/a", "gs://bucket/a"),
        ("gs://me:se/cr?et#@bucket/a", "gs://...@bucket/a"),
        ("https://host/a@b?access_token=secret", "https://...@b?..."),
        ("gs:me:secret@bucket", "gs:...@bucket"),
        ("me:secret@bucket", "me:...@bucket"),
        ("//me:secret@bucket", "//...@bucket"),
        ("https://host/a?access_token=secret", "https://host/a?..."),
        ("https://host/a#secret", "https://host/a#..."),
        ("gs://me:sec\nret@bucket", "gs://...@bucket"),
        ("some/folder@home", "some/folder@home"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url, shown):
    assert shown_url(url) == shown


MEMORY = """\
from dbt_scheduler.registry.backend import ChangedError, Scheme, StoredDocument

KEPT = {}


class Memory:
    remote = False

    def versions(self):
        return {team: KEPT[team].version for team in KEPT}

    def get(self, team):
        return KEPT.get(team)

    def put(self, team, content, version):
        current = KEPT.get(team)
        if (current.version if current else None) != version:
            raise ChangedError
        KEPT[team] = StoredDocument(content, str(int(version or 0) + 1))

    def place(self, team):
        return f"memory {team}"


PLUGIN = Scheme(description="this process", examples=("memory:x",), open=lambda url: Memory())
"""


def test_a_scheme_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "memory.py").write_text(MEMORY)
    monkeypatch.setattr(stores, "__path__", [*stores.__path__, str(tmp_path)])
    assert "memory" in schemes()
    store = open_store(registry_url("memory:x", tmp_path))
    store.replace("shop", entry(), None)
    store.replace("shop", entry(dag_prefix="new"), "1")
    assert store.read_all() == RegistryContents({"shop": entry(dag_prefix="new")}, (), {"shop": "2"})
    with pytest.raises(ChangedError):
        store.replace("shop", entry(), "1")


def test_the_stores_are_light_to_import():
    program = "import sys, dbt_scheduler.registry.stores.file, dbt_scheduler.registry.stores.gs; print({'yaml', 'jsonschema', 'google.auth', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
