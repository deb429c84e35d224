"""Documents that are missing, damaged or not permitted are said in their place, and the rest works."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from chromium import Open
from live_pages import LivePages
from site_documents import FOLDER, Registry, write_site
from site_registries import shop


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(tmp_path, shop().documents())


def test_without_edges_an_asset_has_everything_but_its_lineage(open_page: Open, site: Path) -> None:
    (site / "data" / FOLDER / "edges.js").unlink()
    page = open_page(site, "/teams")
    page.expected_errors.append("ERR_FILE_NOT_FOUND")
    page.goto(f"{site.as_uri()}/index.html#/assets/orders/orders")
    expect(page.locator(".notice")).to_have_text(
        f"The lineage cannot be loaded: data/{FOLDER}/edges.js not found."
    )
    expect(page.get_by_text("One row per order.")).to_be_visible()
    expect(page.get_by_text("customer_email")).to_be_visible()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("dbtScheduler.receive('teams/3', '{\"name\": ');", "cannot be read: it is not JSON."),
        ("dbtScheduler.receive('teams/3', '[]');", "cannot be read: it has no name."),
        ("dbtScheduler.receive('teams/4', '{}');", f"cannot be read: data/{FOLDER}/teams/3.js is corrupted."),
        ("dbtScheduler.receive('teams/3', 'null');", "cannot be read: it is not a JSON object."),
    ],
    ids=["cut off", "a list", "another's", "null"],
)
def test_a_damaged_team_leaves_the_lineage(open_page: Open, site: Path, script: str, said: str) -> None:
    (site / "data" / FOLDER / "teams/3.js").write_text(script)
    page = open_page(site, "/assets/orders/orders")
    expect(page.locator(".notice")).to_have_text(f"The team's document {said}")
    expect(page.locator(".node-focus")).to_be_visible()


def test_a_document_of_another_shape_takes_down_its_part_only(open_page: Open, site: Path) -> None:
    documents = shop().documents()
    documents["teams/3"]["assets"]["orders"]["consumers"] = [None]
    page = open_page(write_site(site, documents), "/assets/orders/orders")
    expect(page.get_by_text("The consumers cannot be shown")).to_be_visible()
    expect(page.get_by_text("customer_email")).to_be_visible()


def test_without_an_index_the_page_says_so(open_page: Open, site: Path) -> None:
    (site / "data/index.js").write_text("dbtScheduler.receive('index', '{}');")
    page = open_page(site)
    expect(page.locator(".notice")).to_have_text("The registry cannot be read: it has no teams.")


def test_an_index_for_other_pages_is_not_guessed_at(open_page: Open, site: Path) -> None:
    documents = shop().documents()
    documents["index"]["format_version"] = 2
    page = open_page(write_site(site, documents))
    expect(page.locator(".notice")).to_contain_text("it was written for a different version of these pages")


def test_entries_that_could_not_be_read_are_listed(open_page: Open, hostile_site: Path) -> None:
    page = open_page(hostile_site)
    page.get_by_text("some data is missing from these pages").click()
    expect(page.locator(".problems li")).to_contain_text("cannot be read")


def test_an_empty_registry_says_what_to_do(open_page: Open, tmp_path: Path) -> None:
    page = open_page(write_site(tmp_path, Registry([], []).documents()))
    expect(page.get_by_text("The registry has no assets yet")).to_be_visible()


def test_somebody_who_may_see_nothing_in_airflow_is_not_told_that_the_registry_is_empty(
    open_page: Open, live: LivePages
) -> None:
    live.documents |= Registry([], []).documents()
    live.documents["index"] |= {"folder": ""}
    page = open_page(live.url)
    expect(page.get_by_text("No assets that you have permission to view")).to_be_visible()
    page.goto(f"{live.url}/index.html#/teams/orders")
    expect(page.locator(".empty")).to_contain_text("you do not have permission to read its DAGs in Airflow")
    page.goto(f"{live.url}/index.html#/assets/orders/orders")
    expect(page.locator(".empty")).to_contain_text("Team not found, or you do not have permission to view it")


def test_an_address_that_is_none_of_a_page(open_page: Open, site: Path) -> None:
    page = open_page(site, "/nowhere/at/all")
    expect(page.get_by_role("heading", level=1)).to_have_text("No such page")


def test_a_backend_that_is_down_is_said_and_the_rest_is_shown(open_page: Open, live: LivePages) -> None:
    live.documents |= {"history": 503, "now": 503, "edges": 403}
    page = open_page(live.url, "/teams")
    page.expected_errors.extend(["status of 503", "status of 403"])
    page.goto(f"{live.url}/index.html#/assets/orders/orders")
    expect(page.locator(".notice")).to_contain_text(
        "The lineage cannot be shown: you do not have permission to view this"
    )
    page.goto(f"{live.url}/index.html#/teams/orders")
    expect(page.locator(".notice")).to_contain_text(
        "The open waits cannot be loaded: the registry cannot be reached"
    )
    expect(page.get_by_role("heading", name="Pipelines")).to_be_visible()
