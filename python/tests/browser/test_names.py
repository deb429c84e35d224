"""All names of teams are text: never markup, scripts or links."""

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from chromium import Open
from site_registries import EMOJI, HOSTILE, LONG, RIGHT_TO_LEFT

NAMES = {
    "markup": HOSTILE,
    "writing direction": RIGHT_TO_LEFT,
    "emoji": EMOJI,
    "long": LONG,
    "dots": "..",
    "url": "a/b?c#d%2f",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_is_text_and_its_link_leads_to_it(open_page: Open, hostile_site: Path, name: str) -> None:
    page = open_page(hostile_site, f"/?team={quote(HOSTILE, safe='')}")
    page.locator(".row-link").filter(has_text=name).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name, use_inner_text=True)
    assert page.locator("main h1 bdi").evaluate("name => name.textContent") == name
    expect(page.locator(".node-focus")).to_be_visible()
    page.get_by_role("button", name="Tree").click()
    expect(page.get_by_role("tree")).to_be_visible()
    assert page.locator("main script, main img, main iframe").count() == 0
    assert page.locator("a[href^=javascript]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("team", ["__proto__", "../..", HOSTILE, RIGHT_TO_LEFT])
def test_any_team_has_its_page(open_page: Open, hostile_site: Path, team: str) -> None:
    page = open_page(hostile_site, f"/teams/{quote(team, safe='')}")
    assert page.locator("main h1 bdi").evaluate("name => name.textContent") == team
    expect(page.get_by_role("heading", name="Pipelines")).to_be_visible()


def test_a_text_cannot_change_the_direction_of_its_neighbours(open_page: Open, hostile_site: Path) -> None:
    page = open_page(hostile_site, f"/teams/{quote(RIGHT_TO_LEFT, safe='')}")
    isolated = "names => names.every((name) => getComputedStyle(name).unicodeBidi === 'isolate')"
    assert page.locator("bdi").evaluate_all(isolated)
