"""The Sphinx configuration of the documentation site (``make docs``), built from the same Markdown as on GitHub.

docs/README.md is the navigation. Links to files that are not pages lead to the repository.
"""

import posixpath
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from pygments.lexers.templates import SqlJinjaLexer
from sphinx import addnodes
from sphinx.application import Sphinx

from dbt_scheduler import __version__

ROOT = Path(__file__).parents[3]
_REPOSITORY = "https://github.com/dbt-scheduler/dbt-scheduler"
_MAP = "docs/README"
_SECTION = re.compile(r"^\*\*(.+?)\*\*$", re.MULTILINE)
_PAGE = re.compile(r"\[([^\]]+)\]\(([^()#\s]+)\.md(?:#[^()\s]*)?\)")

project = "dbt-scheduler"
version = release = __version__
root_doc = "README"
include_patterns = ["*.md", "docs/*.md"]
exclude_patterns = [".*", "dist", "integration_tests", "python", "web"]
extensions = ["myst_parser"]

myst_heading_anchors = 4  # the same anchors as on GitHub
highlight_language = "none"  # for indented blocks, which have no language

html_theme = "furo"
html_title = f"dbt-scheduler {__version__}"
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_theme_options = {
    "source_repository": _REPOSITORY,
    "source_branch": "main",
    "source_directory": "",
}

linkcheck_ignore = [r"http://127\.0\.0\.1"]  # the reader's own Airflow
linkcheck_timeout = 10
linkcheck_anchors_ignore_for_url = [r"https://github\.com/"]  # created in the browser


def navigation(index: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The sections of docs/README.md, the first without a caption, with the titles and paths of their documents.

    Each document is in the first section that links to it.
    """
    seen = set()
    unnamed, *parts = _SECTION.split(index)
    for caption, part in [("", unnamed), *zip(parts[::2], parts[1::2], strict=True)]:
        pages = {}
        for title, path in _PAGE.findall(part):
            pages.setdefault(_within(_MAP, f"{path}.md").removesuffix(".md"), title[0].upper() + title[1:])
        yield caption, [(title, document) for document, title in pages.items() if document not in seen]
        seen |= pages.keys()


def _with_navigation(app: Sphinx, document: str, source: list[str]) -> None:
    if document == _MAP:
        source[0] = f"---\norphan: true\n---\n{source[0]}"
    if document == root_doc:
        for caption, pages in navigation((ROOT / f"{_MAP}.md").read_text()):
            entries = "\n".join(f"{title} <{page}>" for title, page in pages)
            heading = f":caption: {caption}\n" if caption else ""
            source[0] += f"\n```{{toctree}}\n:hidden:\n{heading}\n{entries}\n```\n"


def _link_to_repository(app: Sphinx, tree: nodes.document) -> None:
    """Link to folders, and to files that are not pages, in the repository: MyST would warn, or offer a download."""
    for link in [*tree.findall(addnodes.download_reference), *tree.findall(addnodes.pending_xref)]:
        if link.get("refdomain") == "doc":
            path = f"{link['reftarget']}.md"
            is_page = link["reftarget"] in app.env.found_docs
        else:
            path = _within(link["refdoc"], link["reftarget"])
            is_page = False
        if not is_page and (ROOT / path).exists():
            form = "tree" if (ROOT / path).is_dir() else "blob"
            url = f"{_REPOSITORY}/{form}/main/{path}"
            link.replace_self(nodes.reference("", "", *link.children, internal=False, refuri=url))


def _within(document: str, path: str) -> str:
    """A relative path in a document, as a path from the root of the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(document), path))


def _finish(app: Sphinx, error: Exception | None) -> None:
    """Add index.html, and the images that pages embed with HTML."""
    if error is None and app.builder.format == "html":
        shutil.copy(app.outdir / f"{root_doc}.html", app.outdir / "index.html")
        shutil.copytree(ROOT / "docs" / "images", app.outdir / "docs" / "images", dirs_exist_ok=True)


def setup(app: Sphinx) -> None:
    """Register the functions above with Sphinx."""
    app.connect("source-read", _with_navigation)
    app.connect("doctree-read", _link_to_repository, priority=100)  # before the files are collected
    app.add_lexer("sql", SqlJinjaLexer)
    app.connect("build-finished", _finish)
