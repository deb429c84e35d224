"""One Chromium for the tests of the pages, and their sites."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chromium import Open, Pages, chromium
from live_pages import LivePages
from site_documents import write_site
from site_registries import FINDING, history, hostile, shop

expect.set_options(timeout=60_000)  # a busy machine is slow


@pytest.fixture(scope="package")
def pages() -> Iterator[Pages]:
    """One browser for this folder only: while it runs, other tests in the process cannot run an event loop."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def shop_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static site of a registry with everything."""
    registry = shop()
    registry.slo = {("payments", "payments"): (29, 30), ("catalog", "products"): (30, 30)}
    documents = registry.documents()
    documents["history"] = history(registry, days=30)
    documents["findings"] = {"findings": [FINDING]}
    documents["index"]["documents"] = ["history", "findings"]
    documents["teams/3"]["acknowledged"] = [
        {"asset": "orders", "change": "column discount removed", "reason": "agreed with finance"}
    ]
    return write_site(tmp_path_factory.mktemp("shop"), documents)


@pytest.fixture(scope="package")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static site of teams with hostile names."""
    return write_site(tmp_path_factory.mktemp("hostile"), hostile().documents())


@pytest.fixture
def open_page(pages: Pages) -> Iterator[Open]:
    """Opens a page of a site, given by its folder or URL, at the route after the ``#``."""
    opened = []

    def open_(site: Path | str, address: str = "/", **context: Any) -> Page:
        home = site if isinstance(site, str) else site.as_uri()
        manager = pages.watched(home, **{"viewport": {"width": 1280, "height": 860}, **context})
        page = manager.__enter__()
        opened.append(manager)
        page.goto(f"{home}/index.html#{address}")
        page.wait_for_selector("h1, .notice")
        return page

    yield open_
    for manager in opened:
        manager.__exit__(None, None, None)


@pytest.fixture
def live() -> Iterator[LivePages]:
    """The pages as inside Airflow, with the documents of the same registry."""
    registry = shop()
    running = LivePages()
    running.documents = {**registry.documents(), "history": history(registry)}
    running.documents["index"] |= {"folder": "", "documents": ["history"]}
    landings = running.documents["history"]["landings"]
    running.documents["landings"] = {"landings": landings, "missing": []}
    running.documents["slo"] = lambda query: {"slo": [[29, 30] for _ in query["assets"]]}
    yield running
    running.end()
