"""The page of all assets: search, filters, URLs."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chromium import Open
from live_pages import LivePages


def names(page: Page) -> list[str]:
    return page.locator(".assets-body .row-link").all_inner_texts()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("paid_or", ["paid_orders"]),
        ("finance", ["forecast", "revenue"]),
        ("customer_email", ["orders"]),
        ("reporting", ["revenue"]),
        ("catalog leads", ["products"]),
        ("ORDERS core", ["orders", "paid_orders"]),
        ("orders.stg", ["stg_orders"]),
    ],
    ids=["name", "team", "column", "tag", "owner", "two words", "team and name"],
)
def test_search_finds_as_it_is_typed(open_page: Open, shop_site: Path, typed: str, found: list[str]) -> None:
    page = open_page(shop_site)
    page.get_by_role("searchbox").press_sequentially(typed)
    expect(page.get_by_role("status")).to_have_text(f"{len(found)} of 12 assets")
    assert set(names(page)) == set(found)


def test_a_name_that_is_typed_whole_comes_first(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/?q=orders")
    assert names(page)[:2] == ["orders", "open_orders"]


def test_filters_stand_in_the_address_and_a_link_to_it_has_them(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site)
    page.get_by_role("combobox", name="Team").select_option("orders")
    page.get_by_role("combobox", name="Pipeline").select_option("hourly")
    page.get_by_label("Exposed only").check()
    assert page.evaluate("location.hash") == "#/?team=orders&pipeline=hourly&exposed=1"
    assert names(page) == ["orders"]
    again = open_page(shop_site, "/?team=orders&pipeline=hourly&exposed=1")
    assert names(again) == ["orders"]
    expect(again.get_by_role("combobox", name="Team")).to_have_value("orders")
    expect(again.get_by_label("Exposed only")).to_be_checked()


def test_back_leads_to_the_search_that_was_left(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site)
    page.get_by_role("searchbox").fill("revenue")
    page.get_by_role("link", name="revenue", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("revenue")
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("revenue")
    assert names(page) == ["revenue"]


def test_back_leads_to_where_the_page_was_scrolled(open_page: Open, hostile_site: Path) -> None:
    page = open_page(hostile_site, viewport={"width": 900, "height": 400})
    page.get_by_role("link", name="constructor").last.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 100
    page.get_by_role("link", name="constructor").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("constructor")
    assert page.evaluate("scrollY") == 0
    page.go_back()
    page.wait_for_function("top => Math.abs(scrollY - top) < 2", arg=before)


def test_slash_begins_a_search(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site)
    page.keyboard.press("/")
    page.keyboard.type("rev/")
    expect(page.get_by_role("searchbox")).to_have_value("rev/")


def test_a_search_without_results_links_to_all_assets(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/?q=nothing%20like%20it")
    expect(page.get_by_text("No asset matches")).to_be_visible()
    page.get_by_role("link", name="Show all 12 assets").click()
    assert len(names(page)) == 12


def test_inside_airflow_the_slos_of_visible_rows_are_requested(open_page: Open, live: LivePages) -> None:
    live.documents["index"]["folder"] = "counted"
    page = open_page(live.url, "/?q=payments")
    expect(page.locator(".cell-slo").get_by_text("29 of 30")).to_be_visible()
    (asked,) = [each for each in live.asked if each.startswith("/data/slo?assets=")]
    assert asked.endswith("&of=counted")
    page.get_by_label("Search by name").fill("")
    expect(page.locator(".cell-slo").get_by_text("29 of 30")).not_to_have_count(1)
    assert not any(each.count("assets=") > 100 for each in live.asked)


def test_an_slo_that_airflow_does_not_say_is_unknown(open_page: Open, live: LivePages) -> None:
    live.documents["slo"] = 502
    page = open_page(live.url, "/?q=payments")
    page.expected_errors.append("502")
    expect(page.locator(".cell-slo").get_by_text("unknown")).to_be_visible()


def test_rows_say_readers_readiness_and_how_often_the_slo_was_met(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/?q=payments.payments")
    row = page.locator(".assets-body [role=row]").first
    expect(row).to_contain_text("models.payments")
    expect(row).to_contain_text("daily, by 07:00 UTC")
    expect(row.locator(".cell-readers")).to_have_attribute("title", "finance, orders")
    expect(row.locator(".cell-slo")).to_have_text("29 of 30")
