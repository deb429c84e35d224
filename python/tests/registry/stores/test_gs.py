"""The registry in Google Cloud Storage: the real client library, with a fake of the service's HTTP API."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requests.adapters import HTTPAdapter

from dbt_scheduler.registry.backend import (
    ChangedError,
    RegistryError,
    RegistryUnreadableError,
    RegistryUnwritableError,
)
from dbt_scheduler.registry.entry import Acknowledged, Contact, Entry
from dbt_scheduler.registry.store import RegistryContents, Store
from dbt_scheduler.registry.stores import gs, open_store
from fake_gcs import FakeGcs

URL = "gs://bucket/a/registry"
LOGIN = "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS"


def entry(**changes) -> Entry:
    fields = {"dag_prefix": "shop", "contact": Contact(), "pipelines": {}, "produced": {}, "consumed": {}}
    return Entry(**{**fields, **changes})


def long(text: str) -> Entry:
    """An entry of about the size of this text."""
    return entry(acknowledged_changes=(Acknowledged(asset="orders", change="removed", reason=text),))


@pytest.fixture
def gcs(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with FakeGcs("bucket").serving() as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        yield fake


@pytest.fixture
def store(gcs) -> Store:
    return open_store(URL)


@pytest.fixture
def hurry(monkeypatch):
    """Shorten all timeouts."""
    monkeypatch.setattr(gs, "_READ_RETRIES", 0.01)
    monkeypatch.setattr(gs, "_WRITE_RETRIES", 0.01)


def teams(store: Store) -> list[str]:
    return list(store.read_all().versions)


def test_an_object_of_any_size_hides_no_other(store, gcs):
    store.replace("shop", entry(), None)
    gcs.buckets["bucket"]["a/registry/evil.json"] = (b"[" * 50_000_001, 7)
    reading = store.read_all()
    assert reading.entries == {"shop": entry()}
    assert [finding.message for finding in reading.findings] == [
        'the registry entry of team "evil" cannot be read: it is larger than 50,000,000 bytes'
    ]
    store.replace("evil", entry(dag_prefix="evil"), reading.versions["evil"])
    assert store.read("evil") == entry(dag_prefix="evil")


def cached(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").rglob("*.*"))


def test_an_empty_bucket(store):
    assert store.read("shop") is None
    assert store.read_all() == RegistryContents({}, ())
    assert store.read("../shop") is None


def test_what_is_written_is_read(store, gcs):
    store.replace("shop", entry(), None)
    store.replace("audit", entry(dag_prefix="é"), None)
    assert store.read("audit") == entry(dag_prefix="é")
    assert store.read_all().entries == {"audit": entry(dag_prefix="é"), "shop": entry()}
    assert list(gcs.buckets["bucket"]) == ["a/registry/shop.json", "a/registry/audit.json"]
    assert json.loads(gcs.buckets["bucket"]["a/registry/shop.json"][0])["shop"]["dag_prefix"] == "shop"


def test_a_registry_at_the_top_of_a_bucket(gcs):
    store = open_store("gs://bucket")
    store.replace("shop", entry(), None)
    gcs.put("bucket", "deep/audit.json", b"{}")
    assert teams(store) == ["shop"]
    assert list(gcs.buckets["bucket"]) == ["shop.json", "deep/audit.json"]


def test_other_objects_are_left_alone(store, gcs):
    names = ("README.md", "a b.json", ".x.json", "deep/x.json", "", ".json")
    for name in names:
        gcs.put("bucket", f"a/registry/{name}", b"x")
    gcs.put("bucket", "a/registry2/shop.json", b"x")
    store.replace("shop", entry(), None)
    assert teams(store) == ["shop"]


def test_a_listing_of_many_pages(store, gcs):
    gcs.page_size = 3
    for number in range(10):
        gcs.put("bucket", f"a/registry/t{number}.json", b"{}")
    assert len(teams(store)) == 10


@pytest.mark.parametrize("size", [10, 9_000_000], ids=["small", "in parts"])
def test_what_is_there_is_replaced_by_whoever_has_read_it(store, gcs, size):
    store.replace("shop", entry(), None)
    first = store.read_all().versions["shop"]
    store.replace("shop", long("x" * size), first)
    for known in (None, first):
        with pytest.raises(ChangedError):
            store.replace("shop", long("y" * size), known)
    assert store.read("shop") == long("x" * size)
    del gcs.buckets["bucket"]["a/registry/shop.json"]
    with pytest.raises(ChangedError):
        store.replace("shop", entry(), first)


def test_a_write_with_a_lost_response_is_a_write(store, gcs):
    lost = [(503, b"lost"), (503, b"lost")]
    gcs.after_write = lambda _: lost.pop() if lost else None
    store.replace("shop", entry(), None)
    assert gcs.calls == ["put a/registry/shop.json"] * 2 + ["get a/registry/shop.json"]


def test_what_was_read_once_is_not_downloaded_again(store, gcs, tmp_path):
    generations = {team: gcs.put("bucket", f"a/registry/{team}.json", b"{}") for team in ("audit", "shop")}
    for team, known in generations.items():
        store.replace(team, entry(), known)
    first = store.read_all()
    assert gcs.gets() == ["a/registry/audit.json", "a/registry/shop.json"]
    gcs.calls.clear()
    assert open_store(URL).read_all() == first
    assert gcs.calls == ["list"]
    store.replace("shop", entry(dag_prefix="new"), first.versions["shop"])
    gcs.calls.clear()
    second = store.read_all()
    assert second.entries["shop"].dag_prefix == "new"
    assert gcs.gets() == ["a/registry/shop.json"]
    assert cached(tmp_path) == [f"{team}.{second.versions[team]}.json" for team in ("audit", "shop")]
    del gcs.buckets["bucket"]["a/registry/audit.json"]
    assert list(store.read_all().entries) == ["shop"]
    assert cached(tmp_path) == [f"shop.{second.versions['shop']}.json"]


def test_two_registries_do_not_share_a_cache(store, gcs):
    other = open_store("gs://bucket/other")
    store.replace("shop", entry(), None)
    other.replace("shop", entry(dag_prefix="other"), None)
    for _ in range(2):
        assert store.read_all().entries["shop"].dag_prefix == "shop"
        assert other.read_all().entries["shop"].dag_prefix == "other"


def _in_the_way(cache):
    cache.write_text("")


def _damaged(cache):
    for path in cache.rglob("*.json"):
        path.write_text('{"shop": {"format_ver')


def _links(cache):
    for path in cache.rglob("*.json"):
        elsewhere = cache.parent / f"planted.{path.name}"
        elsewhere.write_bytes(path.read_bytes().replace(b'"dag_prefix": "shop"', b'"dag_prefix": "mine"'))
        path.unlink()
        path.symlink_to(elsewhere)


def _open_to_all(cache):
    for path in cache.rglob("*.json"):
        path.write_bytes(path.read_bytes().replace(b'"dag_prefix": "shop"', b'"dag_prefix": "mine"'))
        path.parent.chmod(0o777)


def _folders(cache):
    for path in cache.rglob("*.json"):
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("spoil", [_in_the_way, _damaged, _folders, _links, _open_to_all])
def test_a_cache_that_cannot_be_used_is_not_used(store, gcs, tmp_path, spoil):
    store.replace("shop", entry(), None)
    cache = tmp_path / "cache"
    if spoil is not _in_the_way:
        store.read_all()
    spoil(cache)
    gcs.calls.clear()
    for _ in range(2):
        assert store.read_all().entries == {"shop": entry()}
    assert gcs.gets() == ["a/registry/shop.json"] * (1 if spoil in (_damaged, _links) else 2)


def test_without_a_home_there_is_no_cache(gcs, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr("dbt_scheduler.registry.cache.Path.home", lambda: (_ for _ in ()).throw(RuntimeError))
    store = open_store(URL)
    store.replace("shop", entry(), None)
    assert list(store.read_all().entries) == ["shop"]


def test_an_unreadable_entry_is_reported_and_hides_no_other(store, gcs, hurry):
    store.replace("shop", entry(), None)
    gcs.put("bucket", "a/registry/torn.json", b'{"torn": {')
    gcs.put("bucket", "a/registry/newer.json", b'{"newer": {"format_version": 3}}')
    gcs.put("bucket", "a/registry/secret.json", b"{}")
    gcs.before = lambda _, path: (403, b"{}") if "secret" in path else None
    reading = store.read_all()
    assert list(reading.entries) == ["shop"]
    assert [(finding.path, finding.message) for finding in reading.findings] == [
        (
            f"{URL}/newer.json",
            'the registry entry of team "newer" cannot be read: format_version 3 is not supported; supported: 1 and 2',
        ),
        (
            f"{URL}/secret.json",
            'the registry entry of team "secret" cannot be read: the credentials are not allowed to read gs://bucket: ask for the role '
            "Storage Object Viewer",
        ),
        (f"{URL}/torn.json", 'the registry entry of team "torn" cannot be read: it is truncated'),
    ]
    assert list(reading.versions) == ["newer", "secret", "shop", "torn"]
    assert reading.newer == {"newer"}


def test_a_response_damaged_in_transit(store, gcs, hurry, monkeypatch):
    store.replace("shop", entry(), None)
    monkeypatch.setattr("fake_gcs._sums", lambda _: {"crc32c": "AAAAAA==", "md5Hash": "AAAA"})
    with pytest.raises(RegistryUnreadableError, match=r"^Google Cloud Storage "):
        store.read("shop")


@pytest.mark.parametrize(
    ("status", "reading", "writing"),
    [
        (
            403,
            "the credentials are not allowed to read gs://bucket: ask for the role Storage Object Viewer",
            "the credentials are not allowed to write gs://bucket: ask for the role Storage Object User",
        ),
        (404, "bucket gs://bucket not found", "bucket gs://bucket not found"),
        *(
            (status, *[f"Google Cloud Storage returned error {status}: try again later"] * 2)
            for status in (400, 429, 500, 503)
        ),
    ],
)
@pytest.mark.usefixtures("hurry")
def test_refusals_are_reported_in_words(gcs, status, reading, writing):
    store = open_store(URL)
    gcs.before = lambda *_: (status, b'{"error": {"message": "a SECRET"}}')
    with pytest.raises(RegistryUnreadableError) as refusal:
        store.read_all()
    assert str(refusal.value) == reading
    with pytest.raises(RegistryUnwritableError) as refusal:
        store.replace("shop", entry(), None)
    assert str(refusal.value) == writing


def test_what_passes_is_tried_again(store, gcs):
    spoiled = [(503, b"{}"), (429, b"{}")]
    gcs.before = lambda *_: spoiled.pop() if spoiled else None
    assert teams(store) == []
    assert gcs.calls == ["spoiled", "spoiled", "list"]


def test_a_bucket_that_does_not_exist(gcs):
    store = open_store("gs://nowhere/x")
    with pytest.raises(RegistryUnreadableError, match=r"^bucket gs://nowhere not found$"):
        store.read_all()
    with pytest.raises(RegistryUnwritableError, match=r"^bucket gs://nowhere not found$"):
        store.replace("shop", entry(), None)


def test_an_unreachable_server(hurry, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    with pytest.raises(
        RegistryUnreadableError, match=r"^Google Cloud Storage cannot be reached: try again later$"
    ):
        open_store(URL).read_all()


def test_an_unresponsive_server(store, gcs):
    """The listing is slow, then one of two documents is: each is reported when the total time limit is reached."""
    store.replace("shop", entry(), None)
    store.replace("slow", entry(), None)
    store = open_store(URL, seconds=1)
    done = threading.Event()
    late = "slow"
    gcs.before = lambda _, path: done.wait(200) and None if late in path else None
    started = time.monotonic()
    reading = store.read_all()
    assert list(reading.entries) == ["shop"]
    assert [finding.message for finding in reading.findings] == [
        'the registry entry of team "slow" cannot be read: no response within 1 second'
    ]
    late = "b/bucket/o?"
    with pytest.raises(RegistryUnreadableError, match=r"^no response within 1 second$"):
        store.read_all()
    assert 2 < time.monotonic() - started < 100  # two reads of a second each, on a busy machine
    done.set()


CALLS = {
    "list": lambda bucket: bucket.versions(),
    "get": lambda bucket: bucket.get("shop"),
    "put": lambda bucket: bucket.put("shop", b"{}", None),
}


@pytest.mark.parametrize("call", CALLS)
def test_abandoned_requests_end_on_their_own(gcs, monkeypatch, call):
    """Otherwise the process would not end earlier: by default, the client waits 60 s for a response, and retries for 120 s."""
    for kind in ("_READ", "_WRITE"):
        monkeypatch.setattr(gs, kind, {"timeout": (3, 0.5)})
        monkeypatch.setattr(gs, f"{kind}_RETRIES", 0.5)
    attempts, done, send = [], threading.Event(), HTTPAdapter.send

    def count(*args, **options):
        attempts.append(options["timeout"])
        return send(*args, **options)

    monkeypatch.setattr(HTTPAdapter, "send", count)
    gcs.before = lambda *_: None if done.wait(300) else (503, b"{}")
    with pytest.raises(RegistryError, match=r"^Google Cloud Storage cannot be reached: try again later$"):
        CALLS[call](gs.Bucket("bucket", "a"))
    done.set()
    assert attempts == [(3, 0.5)]


def no_login(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))


def test_without_credentials(monkeypatch, tmp_path):
    no_login(monkeypatch, tmp_path)
    with pytest.raises(RegistryUnreadableError) as refusal:
        open_store(URL).read_all()
    assert str(refusal.value) == f"no Google credentials found: {LOGIN}"


def test_credentials_that_google_does_not_accept(gcs, monkeypatch, tmp_path):
    no_login(monkeypatch, tmp_path)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account",
        "client_email": "me@example.com",
        "private_key": pem,
        "token_uri": f"{gcs.url}/token",
    }
    (tmp_path / "key.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    monkeypatch.setenv("API_ENDPOINT_OVERRIDE", gcs.url)
    gcs.before = lambda *_: (401, b'{"error": "invalid_grant", "error_description": "a SECRET"}')
    with pytest.raises(RegistryUnreadableError) as refusal:
        open_store(URL).read_all()
    assert str(refusal.value) == f"Google rejected the credentials: {LOGIN}"


def test_without_the_library():
    program = (
        "import sys; sys.modules['google.cloud.storage'] = None\n"
        "from dbt_scheduler.registry.backend import RegistryError; from dbt_scheduler.registry.stores import open_store\n"
        f"store = open_store({URL!r})\n"
        "for call in (store.read_all, lambda: store.read('shop'), lambda: store.replace('shop', None, None)):\n"
        "    try: call()\n"
        "    except RegistryError as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    reported = " a gs: registry requires google-cloud-storage: pip install 'dbt-scheduler[gs]'\n"
    assert done.stdout == f"RegistryUnreadableError{reported}" * 2 + f"RegistryUnwritableError{reported}"


def test_of_concurrent_writers_of_one_entry_one_succeeds_each_time(gcs):
    def claim(name: str) -> str | None:
        try:
            open_store(URL).replace("shop", entry(dag_prefix=name), version)
        except ChangedError:
            return None
        return name

    version = None
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            winners = [name for name in pool.map(claim, "abcdefgh") if name]
            reading = open_store(URL).read_all()
            assert [reading.entries["shop"].dag_prefix] == winners
            version = reading.versions["shop"]


def test_concurrent_writers_of_different_entries_do_not_conflict(gcs):
    teams = [f"team_{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda team: open_store(URL).replace(team, entry(dag_prefix=team), None), teams))
    reading = open_store(URL).read_all()
    assert {team: each.dag_prefix for team, each in reading.entries.items()} == {team: team for team in teams}


def test_readers_see_whole_documents_during_writes(gcs):
    store = open_store(URL)
    store.replace("shop", long("0" * 50_000), None)
    stop = threading.Event()

    def read() -> set[str]:
        seen = set()
        while not stop.is_set():
            reading = open_store(URL).read_all()
            assert reading.findings == ()
            (digit,) = set(reading.entries["shop"].acknowledged_changes[0].reason)
            seen.add(digit)
        return seen

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for digit in "123456789":
            store.replace("shop", long(digit * 50_000), store.read_all().versions["shop"])
        stop.set()
        assert all(reader.result() for reader in readers)


def test_every_refusal_is_a_registry_error():
    assert issubclass(RegistryUnreadableError, RegistryError)
    assert issubclass(RegistryUnwritableError, RegistryError)
