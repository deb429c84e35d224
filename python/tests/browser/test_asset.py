"""The page of one asset, and its lineage as a graph and as a tree."""

from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chromium import Open
from site_documents import Asset, Registry, Team, write_site


@pytest.fixture
def orders(open_page: Open, shop_site: Path) -> Page:
    return open_page(shop_site, "/assets/orders/orders")


def section(page: Page, title: str) -> str:
    return page.locator("section", has=page.get_by_role("heading", name=title, level=2)).inner_text()


def test_it_shows_the_asset_its_team_and_when_it_is_ready(orders: Page) -> None:
    expect(orders.get_by_text("One row per order.")).to_be_visible()
    expect(orders.locator(".facts")).to_contain_text("#orders-data @on-call")
    ready = section(orders, "When it is ready")
    assert "daily, by 06:00 UTC\t2 h after the run is due" in ready
    assert "numeric(12,2)\tGross, in euros." in section(orders, "Columns")


def test_links_lead_to_airflow(orders: Page) -> None:
    link = orders.locator(".facts a", has_text="orders__daily")
    assert link.get_attribute("href") == "https://airflow.example.org/dags/orders__daily/tasks/models.orders"
    assert link.get_attribute("rel") == "noopener noreferrer"


def test_consumers_are_grouped_by_team_with_channel_and_dependency(orders: Page) -> None:
    read_by = section(orders, "Read by")
    assert read_by.splitlines()[1] == "2 tasks of 2 teams"
    assert "payments\n#payments-data" in read_by
    assert "refresh_audience\tsoft wait\tdaily" in read_by


def test_an_unknown_asset_has_a_notice_with_links(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/assets/orders/renamed")
    expect(page.get_by_text("The team has no asset with this name")).to_be_visible()
    page = open_page(shop_site, "/assets/nobody/orders")
    expect(page.get_by_text("Team not found in the registry")).to_be_visible()


def test_the_graph_tells_waits_from_plain_edges(orders: Page) -> None:
    orders.get_by_role("button", name="Expand one level").click()
    for kind in ("plain", "hard", "soft", "no_wait"):
        assert orders.locator(f".graph-content .edge-{kind}").count() > 0
    dashes = {
        kind: orders.locator(f".graph-content .edge-{kind}").first.evaluate(
            "line => getComputedStyle(line).strokeDasharray + getComputedStyle(line).stroke"
        )
        for kind in ("plain", "hard", "soft", "no_wait")
    }
    assert len({*dashes.values()}) == 4


def test_teams_that_read_each_other_have_boxes_one_after_the_other(orders: Page) -> None:
    lanes = orders.evaluate(
        """[...document.querySelectorAll(".lane")].map((lane) => {
            const rect = lane.querySelector("rect");
            const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
            return { team: lane.textContent, x, y, right: x + width, bottom: y + height };
        })"""
    )
    assert [lane["team"] for lane in lanes].count("orders") > 1
    for lane in lanes:
        for other in lanes:
            apart = lane["right"] <= other["x"] or other["right"] <= lane["x"]
            apart = apart or lane["bottom"] <= other["y"] or other["bottom"] <= lane["y"]
            assert lane is other or apart, f"{lane} covers {other}"


def test_the_graph_expands_up_and_down(open_page: Open, hostile_site: Path) -> None:
    page = open_page(hostile_site, "/assets/__proto__/__proto__")
    nodes = page.locator(".node")
    before = nodes.count()
    page.locator(".expander-up").first.dispatch_event("click")
    expect(nodes).to_have_count(before + 1)
    page.get_by_role("button", name="Expand one level").click()
    expect(nodes).to_have_count(before + 2)
    page.get_by_role("button", name="Reset").click()
    expect(nodes).to_have_count(before)


def test_the_graph_is_moved_and_zoomed_by_mouse_and_keys(orders: Page) -> None:
    content = orders.locator(".graph-content")

    def transform() -> str:
        return content.get_attribute("transform") or ""

    seen = [transform()]
    for key in ("ArrowLeft", "+", "-", "0"):
        orders.locator(".graph-frame").press(key)
        seen.append(transform())
    orders.get_by_role("button", name="Zoom in").click()
    seen.append(transform())
    box = orders.locator(".graph-frame").bounding_box()
    assert box
    orders.mouse.move(box["x"] + 20, box["y"] + 20)
    orders.mouse.down()
    orders.mouse.move(box["x"] + 90, box["y"] + 60, steps=3)
    orders.mouse.up()
    seen.append(transform())
    assert all(before != after for before, after in pairwise(seen))
    assert orders.evaluate("location.hash") == "#/assets/orders/orders"


def test_a_node_leads_to_its_asset(orders: Page) -> None:
    orders.locator(".node a", has=orders.get_by_text("products", exact=True)).dispatch_event("click")
    expect(orders.get_by_role("heading", level=1)).to_have_text("products")
    assert orders.evaluate("location.hash") == "#/assets/catalog/products"


def test_full_screen_ends_with_escape(orders: Page) -> None:
    orders.get_by_role("button", name="Full screen").click()
    expect(orders.locator(".graph-large")).to_be_visible()
    orders.keyboard.press("Escape")
    expect(orders.locator(".graph-large")).to_have_count(0)


def test_the_tree_shows_the_same_data_to_keyboards_and_screen_readers(orders: Page) -> None:
    orders.get_by_role("button", name="Tree").click()
    tree = orders.get_by_role("tree")
    items = tree.get_by_role("treeitem")
    expect(items.first).to_have_text("Upstream: what it reads (2)")
    products = tree.get_by_role("treeitem", name="products team catalog hard wait")
    expect(products).to_have_attribute("aria-expanded", "false")
    items.first.focus()
    orders.keyboard.press("ArrowDown")
    expect(products).to_be_focused()
    orders.keyboard.press("ArrowRight")
    expect(products).to_have_attribute("aria-expanded", "true")
    orders.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="stg_products team catalog same DAG")).to_be_focused()
    orders.keyboard.press("ArrowLeft")
    orders.keyboard.press("ArrowLeft")
    expect(products).to_have_attribute("aria-expanded", "false")
    expect(tree.get_by_role("treeitem", name="refresh_audience team marketing soft wait")).to_be_visible()
    orders.keyboard.press("Enter")
    expect(orders.get_by_role("heading", level=1)).to_have_text("products")


def test_an_asset_that_nothing_is_connected_with(open_page: Open, tmp_path: Path) -> None:
    alone = Registry([Team(name="catalog")], [Asset(team="catalog", name="products")])
    page = open_page(write_site(tmp_path, alone.documents()), "/assets/catalog/products")
    expect(page.get_by_text("Nothing upstream or downstream")).to_be_visible()
