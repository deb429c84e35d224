"""The documents: valid links, no unreachable pages, and valid blocks of YAML and JSON."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from dbt_scheduler import __version__
from dbt_scheduler.cli import main
from dbt_scheduler.config.schema.document import check_document
from dbt_scheduler.config.schema.validation import load_schema
from dbt_scheduler.config.yaml import load_yaml
from dbt_scheduler.findings.catalogue.inputs import SCH405
from goldens import ROOT

DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("integration_tests/*.md"))
)
FILES = {"platform": {"platform", "staging", "pull_request"}, "scheduler": {"scheduler"}}
REQUIRED = {
    "platform": {"version": "1"},
    "scheduler": {"version": "0.17", "team": "shipping"},
}  # unless whole
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+(?:\([^()]*\))?)\)")
_HEADING = re.compile(r"^#+ +(.+?) *#*$", re.MULTILINE)


def slug(heading: str) -> str:
    """GitHub's anchor for a heading: lower case, words joined by dashes, without other characters.

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


def blocks_of(schema: str) -> dict[str, str]:
    """The YAML blocks that are such a file or some of its keys, completed to a file: by document and first line."""
    keys = load_schema(schema)["properties"].keys()
    found = {}
    for document in DOCUMENTS:
        for language, block in _FENCE.findall((ROOT / document).read_text()):
            label = re.match(r"# (?:\w+/)?(\w+)\.yaml", block)
            value = yaml.safe_load(block) if language == "yaml" and document.name != "rules.md" else None
            if isinstance(value, dict) and (not label or label[1] in FILES[schema]) and value.keys() <= keys:
                is_part = not label or label[1] == schema
                more = [
                    f"{key}: {text}\n"
                    for key, text in REQUIRED[schema].items()
                    if is_part and key not in value
                ]
                found[f"{document}: {block.splitlines()[0]}"] = "".join(more) + block
    return found


@pytest.mark.parametrize(("schema", "count"), [("platform", 12), ("scheduler", 6)])
def test_settings_are_as_they_stand_there(schema: str, count: int, tmp_path: Path) -> None:
    blocks = blocks_of(schema)
    wrong = {}
    for number, (where, block) in enumerate(blocks.items()):
        file = tmp_path / f"{number}.yaml"
        file.write_text(block)
        document, findings = load_yaml(file)
        assert document, findings
        if findings := check_document(document, schema, SCH405).findings:
            wrong[where] = [finding.message for finding in findings]
    assert wrong == {}
    assert len(blocks) >= count


def test_installed_releases_are_this_one() -> None:
    texts = [(ROOT / document).read_text() for document in DOCUMENTS]
    release = re.compile(r"(?:dbt-scheduler@|revision: )v([\d.]+)")
    named = [version for text in texts for version in release.findall(text)]
    assert named
    assert set(named) == {__version__}


def test_the_command_reference_has_every_command() -> None:
    context = click.Context(main)

    def names(group: click.Group, *words: str) -> Iterator[str]:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if isinstance(command, click.Group):
                yield from names(command, *words, name)
            else:
                yield " ".join((*words, name))

    text = (ROOT / "docs" / "commands.md").read_text()
    tables = text[text.index("## Team commands") : text.index("## Common options")]
    assert sorted(re.findall(r"^\| `([^`]+)` \|", tables, re.MULTILINE)) == sorted(names(main))


def test_the_map_of_the_package_has_every_folder() -> None:
    source = ROOT / "python" / "src" / "dbt_scheduler"
    folders = {f"`{each.parent.name}/`" for each in source.glob("*/__init__.py")}
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text[text.index("## The Python package") : text.index("## How the code is laid out")]
    assert folders <= set(re.findall(r"`[^`]+`", table))
