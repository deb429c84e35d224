"""A real Chromium for the tests of the pages, and pages that record forbidden requests and errors."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Request, sync_playwright

Open = Callable[..., Page]  # of a site and a path: the fixture `open_page`
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_NOTE_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
"""


def executable() -> str | None:
    """The machine's Chromium; None for the one that Playwright installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def cells(row: Locator) -> list[str]:
    """The text in each cell of a table row, once the row exists: reading all texts does not wait for it."""
    found = row.locator("td")
    found.first.wait_for()
    return [" ".join(text.split()) for text in found.all_inner_texts()]


@contextmanager
def chromium() -> Iterator["Pages"]:
    """A browser for many tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable())
        yield Pages(browser)
        browser.close()


class Pages:
    """Pages of one browser; a page is reused by the next test with the same window settings, because a new one is slow."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: dict[str, list[Page]] = {}

    @contextmanager
    def watched(self, home: str, **window: Any) -> Iterator[Page]:
        """A page that fails at its end if the console has errors, or if it requested a host other than ``home``.

        Append parts of expected messages to ``page.expected_errors``.
        """
        idle = self._idle.setdefault(repr(window), [])
        page = idle.pop() if idle else self._new(window)
        wrong: list[str] = []
        page.expected_errors = []

        def note_request(request: Request) -> None:
            if not request.url.startswith((home, "data:", "about:")):
                wrong.append(f"request to {request.url}")

        notes = {
            "console": lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None,
            "pageerror": lambda error: wrong.append(str(error)),
            "request": note_request,
        }
        for event, note in notes.items():
            page.on(event, note)
        yield page
        page.evaluate("localStorage.clear()")
        for event, note in notes.items():
            page.remove_listener(event, note)
        page.goto("about:blank")
        idle.append(page)
        assert [text for text in wrong if not any(part in text for part in page.expected_errors)] == []

    def _new(self, window: dict[str, Any]) -> Page:
        page = self._browser.new_context(**window).new_page()
        page.set_default_timeout(60_000)
        page.add_init_script(_NOTE_VIOLATIONS)
        return page
