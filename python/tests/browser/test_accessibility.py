"""Every page by axe, in light, dark and on a narrow screen; keyboard, focus and colours."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chromium import Open
from live_pages import LivePages
from site_registries import explanation

AXE = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    "/",
    "/assets/orders/orders",
    "/teams",
    "/teams/orders",
    "/timeline?dag=finance__daily&run=scheduled__2026-03-10T05:00:00+00:00",
    "/why",
]
FORMS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}},
}


COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # all that dark changes


def serious(page: Page, form: str = "") -> list[str]:
    assert AXE.is_file(), "axe-core is missing: `make web` installs it"
    page.evaluate(AXE.read_text())
    rules = {"runOnly": COLOURS} if form == "dark" else {}
    found = page.evaluate("rules => axe.run({ preload: false, ...rules })", rules)["violations"]
    bad = [each for each in found if each["impact"] in ("serious", "critical")]
    return [f"{each['id']}: {node['html'][:120]}" for each in bad for node in each["nodes"][:3]]


def settle(page: Page) -> None:
    expect(page.locator(".loading")).to_have_count(0)


@pytest.mark.parametrize("form", FORMS)
def test_axe_finds_nothing_serious(open_page: Open, shop_site: Path, form: str) -> None:
    page = open_page(shop_site, **FORMS[form])
    for address in PAGES:
        page.goto(f"{shop_site.as_uri()}/index.html#{address}")
        settle(page)
        assert serious(page, form) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    page.goto(f"{shop_site.as_uri()}/index.html#/assets/orders/orders")
    page.get_by_role("button", name="Tree").click()
    assert serious(page, form) == []


@pytest.mark.parametrize("form", FORMS)
def test_axe_finds_nothing_serious_in_why(open_page: Open, live: LivePages, form: str) -> None:
    live.documents |= explanation()
    page = open_page(live.url, "/why/finance__daily/models.revenue", **FORMS[form])
    expect(page.locator(".step")).to_have_count(6)
    settle(page)
    assert serious(page, form) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_new_page_is_read_from_its_heading(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site)
    page.get_by_role("link", name="revenue", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="revenue")).to_be_focused()
    assert page.title() == "revenue · Registry"


def test_the_first_tab_leads_past_the_navigation(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/teams")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert page.evaluate("location.hash") == "#/teams"


@pytest.mark.parametrize(("scheme", "colour"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(21, 24, 29)")])
def test_colours_are_the_systems_until_others_are_chosen(
    open_page: Open, shop_site: Path, scheme: str, colour: str
) -> None:
    page = open_page(shop_site, color_scheme=scheme)
    shown = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(shown) == colour
    other = "dark" if scheme == "light" else "light"
    while page.locator("html").get_attribute("data-theme") != other:
        page.get_by_role("button", name="Color theme").click()
    assert page.evaluate(shown) != colour
    page.reload()
    page.wait_for_selector("h1")
    assert page.evaluate(shown) != colour


def test_nothing_moves_for_those_who_want_no_motion(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, reduced_motion="reduce")
    moving = """[...document.querySelectorAll("*")].filter((each) => {
        const { transitionDuration, animationName } = getComputedStyle(each);
        return transitionDuration !== "0s" || animationName !== "none";
    }).length"""
    assert page.evaluate(moving) == 0


def test_inside_airflow_the_colours_are_airflows(open_page: Open, live: LivePages) -> None:
    page = open_page(live.url, "/teams")
    other = page.context.new_page()
    other.goto(f"{live.url}/index.html#/teams")
    other.evaluate("localStorage.setItem('theme', 'dark')")  # as Airflow's own pages do around this one
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    other.close()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
