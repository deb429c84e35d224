"""The documentation site of ``make docs``: without warnings, complete, and without requests to other hosts."""

import posixpath
import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from goldens import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
# # What a browser loads automatically, and the links that a reader may follow.
LOADED = {("script", "src"), ("img", "src"), ("source", "srcset"), ("link", "href"), ("iframe", "src")}
LINKS = {("a", "href")}


class Page(HTMLParser):
    """The links and ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids = {"", "top"}
        self.navigation: list[str] = []
        self._in_navigation = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.add(values.get("id") or "")
        if tag == "li":
            self._in_navigation = "toctree-l1" in (values.get("class") or "")
        for name, value in attrs:
            if (tag, name) in LOADED and value:
                self.loaded.append(value)
            if (tag, name) in LINKS and value:
                self.links.append(value)
                if self._in_navigation:
                    self.navigation.append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "li":
            self._in_navigation = False


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    out = str(folder / "site")
    options = ("-q", "-W", "--keep-going", "-c", "python/tools/docs", "-d")
    assert f"-m sphinx {' '.join(options)} site/.doctrees . site" in MAKEFILE
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(folder / "doctrees"), ".", out],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return Path(out)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text()) for path in site.rglob("*.html")}


def test_every_document_is_a_page(site: Path) -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    expected = {path.relative_to(ROOT).with_suffix(".html") for path in documents}
    assert expected - {path.relative_to(site) for path in site.rglob("*.html")} == set()
    assert (site / "index.html").read_text() == (site / "README.html").read_text()


def test_the_navigation_is_that_of_the_index(pages: dict[Path, Page], site: Path) -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    named = [posixpath.normpath(f"docs/{path}.html") for path in re.findall(r"\(([\w./]+)\.md[)#]", index)]
    assert pages[site / "index.html"].navigation == list(dict.fromkeys(named))


def test_every_link_and_image_of_the_site_is_there(pages: dict[Path, Page]) -> None:
    @cache
    def target(page: Path, address: str) -> Path:
        path = unquote(urlsplit(address).path)
        return (page.parent / path).resolve() if path else page

    dead = []
    for page, found in pages.items():
        for address in (*found.loaded, *found.links):
            if urlsplit(address).scheme or address.startswith("//"):
                continue
            path = target(page, address)
            anchor = unquote(urlsplit(address).fragment)
            if not path.is_file() or (path in pages and anchor not in pages[path].ids):
                dead.append(f"{page.name}: {address}")
    assert dead == []


def test_no_page_asks_another_host(pages: dict[Path, Page], site: Path) -> None:
    foreign = {address for page in pages.values() for address in page.loaded if urlsplit(address).netloc}
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert foreign == set()
    assert "url(http" not in styles.replace('"', "").replace("'", "")
    assert "@import" not in styles
