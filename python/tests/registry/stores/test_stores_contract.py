"""What must hold for the registry of every scheme, including new ones; ``support/fake_{scheme}.py`` provides an empty one."""

import threading
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from dbt_scheduler.registry.backend import Backend, ChangedError
from dbt_scheduler.registry.entry import Contact, Entry
from dbt_scheduler.registry.store import Store
from dbt_scheduler.registry.stores import open_store, registry_url, schemes

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
_TIMEOUT_SECONDS = 60  # for a busy machine


def entry(prefix: str) -> Entry:
    return Entry(dag_prefix=prefix, contact=Contact(), pipelines={}, produced={}, consumed={})


@pytest.fixture(params=[*schemes()])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with import_module(f"fake_{request.param}").registry(tmp_path, monkeypatch) as url:
        assert url.startswith(f"{request.param}:")
        yield url


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url, _TIMEOUT_SECONDS)


@pytest.fixture
def backend(url: str) -> Backend:
    return schemes()[url.partition(":")[0]].open(url)


def prefixes(store: Store) -> dict[str, str]:
    return {team: each.dag_prefix for team, each in store.read_all().entries.items()}


def version(store: Store, team: str) -> str | None:
    return store.read_all().versions.get(team)


@pytest.mark.parametrize("scheme", schemes())
@pytest.mark.parametrize("rest", ["//me:secret@host/x", "//me:secret@host/x?y", "me:secret@", "//me:secret@"])
def test_a_url_that_cannot_be_used_is_shown_without_its_password(scheme: str, rest: str) -> None:
    with pytest.raises(ValueError, match=r"\A(?!.*secret)"):
        open_store(f"{scheme}:{rest}")


def test_the_place_of_a_document_names_the_team(backend: Backend) -> None:
    assert "a-team.json" in backend.place("a-team")


def test_an_empty_registry(store: Store) -> None:
    assert (prefixes(store), store.read("shop")) == ({}, None)


def test_what_is_written_is_read(store: Store) -> None:
    store.replace("shop", entry("one"), None)
    store.replace("other-team", entry("two"), None)
    assert prefixes(store) == {"other-team": "two", "shop": "one"}
    assert store.read("shop") == entry("one")


def test_only_the_version_that_was_read_is_replaced(store: Store) -> None:
    store.replace("shop", entry("one"), None)
    first = version(store, "shop")
    store.replace("shop", entry("two"), first)
    for stale in (None, first):
        with pytest.raises(ChangedError):
            store.replace("shop", entry("three"), stale)
    assert prefixes(store) == {"shop": "two"}


def test_a_version_is_the_contents(store: Store) -> None:
    store.replace("shop", entry("one"), None)
    first = version(store, "shop")
    assert version(store, "shop") == first
    store.replace("shop", entry("two"), first)
    assert version(store, "shop") != first


def test_a_write_that_is_repeated_finds_itself(store: Store) -> None:
    store.replace("shop", entry("one"), None)
    store.replace("shop", entry("one"), None)
    assert prefixes(store) == {"shop": "one"}


def test_of_concurrent_writers_of_one_entry_one_succeeds(url: str) -> None:
    outcomes: list[str] = []

    def write(prefix: str) -> None:
        try:
            open_store(url, _TIMEOUT_SECONDS).replace("shop", entry(prefix), None)
        except ChangedError:
            outcomes.append("changed")
        else:
            outcomes.append(prefix)

    writers = [threading.Thread(target=write, args=(f"team{number}",)) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    (winner,) = [outcome for outcome in outcomes if outcome != "changed"]
    assert len(outcomes) == 6
    assert prefixes(open_store(url, _TIMEOUT_SECONDS)) == {"shop": winner}


def test_a_damaged_entry_hides_no_other_and_can_be_replaced(store: Store, backend: Backend) -> None:
    store.replace("shop", entry("one"), None)
    backend.put("broken", b'{"broken": ', None)
    read = store.read_all()
    assert (list(read.entries), read.unreadable) == (["shop"], {"broken"})
    store.replace("broken", entry("whole"), read.versions["broken"])
    assert prefixes(store) == {"broken": "whole", "shop": "one"}


@pytest.mark.parametrize("team", ["..", "a/b", "", ".hidden"])
def test_names_do_not_lead_out_of_the_registry(store: Store, team: str) -> None:
    assert store.read(team) is None
    with pytest.raises(ValueError, match="is not a valid team name"):
        store.replace(team, entry("x"), None)


def test_people_see_where_an_entry_is(store: Store, backend: Backend) -> None:
    assert "shop.json" in backend.place("shop")


@pytest.mark.parametrize("name", schemes())
def test_the_examples_of_a_scheme_can_be_opened(name: str, tmp_path: Path) -> None:
    for example in schemes()[name].examples:
        assert registry_url(example, tmp_path).startswith(f"{name}:")


@pytest.mark.parametrize("name", schemes())
def test_the_extra_of_a_scheme_is_there(name: str) -> None:
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    assert schemes()[name].extra in {None, *extras}
