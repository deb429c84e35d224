"""The documents: links lead somewhere, every page can be found, and blocks of YAML and JSON are such."""

import json
import re
from pathlib import Path

import pytest
import yaml

from goldens import ROOT

DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("integration_tests/*.md"))
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+(?:\([^()]*\))?)\)")
_HEADING = re.compile(r"^#+ +(.+?) *#*$", re.MULTILINE)


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading: lower case, words joined by dashes, without other signs.

    >>> slug("`waits`: what the next runs will wait for")
    'waits-what-the-next-runs-will-wait-for'
    """
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(document: Path) -> set[str]:
    text = _FENCE.sub("", document.read_text())
    explicit = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    return explicit | {slug(heading) for heading in _HEADING.findall(text)}


def links(document: Path) -> list[str]:
    text = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", (ROOT / document).read_text()))
    return [link for link in _LINK.findall(text) if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_to_a_file_and_to_a_heading_in_it(document: Path) -> None:
    dead = []
    for link in links(document):
        name, _, anchor = link.partition("#")
        target = ((ROOT / document).parent / name).resolve() if name else ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_every_page_is_in_the_index() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages - {link.partition("#")[0] for link in links(Path("docs/README.md"))} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_blocks_of_yaml_and_json_can_be_read(document: Path) -> None:
    for language, block in _FENCE.findall((ROOT / document).read_text()):
        if language == "yaml":
            list(yaml.safe_load_all(block))
        if language == "json":
            json.loads(block)
