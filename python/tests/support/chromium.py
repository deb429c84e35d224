"""A real Chromium for the tests of the pages, and a page that notes everything it must not do."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Request, sync_playwright

Open = Callable[..., Page]  # of a site and an address: the fixture `open_page`
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_NOTE_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
"""


def executable() -> str | None:
    """The machine's Chromium; None for the one that Playwright has installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def cells(row: Locator) -> list[str]:
    """The words in each cell of a row of a table."""
    return [" ".join(text.split()) for text in row.locator("td").all_inner_texts()]


@contextmanager
def chromium() -> Iterator[Browser]:
    """One for many tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable())
        yield browser
        browser.close()


@contextmanager
def watched_page(browser: Browser, home: str, **context: Any) -> Iterator[Page]:
    """A page that fails at its end if there were errors on the console, or requests to another place than ``home``.

    ``page.expected_errors`` takes parts of the messages that a test provokes.
    """
    wrong: list[str] = []
    expected: list[str] = []

    def note(text: str) -> None:
        wrong.append(text)

    def note_request(request: Request) -> None:
        if not request.url.startswith((home, "data:")):
            note(f"request to {request.url}")

    with browser.new_context(**context) as opened:
        opened.set_default_timeout(10_000)
        page = opened.new_page()
        page.expected_errors = expected  # type: ignore[attr-defined]
        page.add_init_script(_NOTE_VIOLATIONS)
        page.on(
            "console", lambda message: note(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: note(str(error)))
        page.on("request", note_request)
        yield page
    assert [text for text in wrong if not any(part in text for part in expected)] == []
