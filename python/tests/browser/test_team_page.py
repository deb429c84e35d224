"""The page of a team, and the page of all teams."""

from pathlib import Path

from playwright.sync_api import Page, expect

from chromium import Open, cells
from live_pages import LivePages
from site_registries import NOW, shop, waits_of_an_open_run


def section(page: Page, title: str) -> str:
    return page.locator("section", has=page.get_by_role("heading", name=title, level=2)).inner_text()


def test_it_shows_what_the_team_exposes_and_reads_and_its_slos(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/teams/orders")
    assert "daily, by 08:00 UTC (SLO 4 h)" in section(page, "Exposed assets and SLOs")
    reads = page.get_by_role("table", name="Assets of other teams").get_by_role("row", name="products")
    assert cells(reads)[:4] == ["products", "catalog", "daily, by 05:00 UTC", "hard wait"]
    assert "every hour at minute 10" in section(page, "Pipelines")
    assert "orders\tcolumn discount removed\tagreed with finance" in section(page, "Acknowledged changes")
    assert "SCH301 orders reads an asset that is not exposed" in section(page, "Findings of the last check")
    assert "No tasks are waiting" in section(page, "Open waits")


def test_another_team_has_none_of_its_findings(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/teams/catalog")
    assert "No findings" in section(page, "Findings of the last check")


def test_open_waits_are_those_of_now_inside_airflow(open_page: Open, live: LivePages) -> None:
    live.documents["now"] = {"generated_at": NOW.isoformat(), "waits": waits_of_an_open_run()}
    page = open_page(live.url, "/teams/finance")
    expect(page.get_by_text("wait_for.orders.paid_orders")).to_be_visible()
    assert "paid_orders" in section(page, "Open waits")


def test_teams_are_listed_with_their_producers_and_consumers(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/teams")
    row = page.get_by_role("row", name="payments #payments-data")
    assert cells(row) == ["payments", "#payments-data", "2", "1", "orders", "finance orders"]
    assert page.get_by_role("row").count() == 1 + len(shop().teams)
