"""`make screenshots`, continued: a pull request's comment, and Airflow's grid.

The comment is the command's output for an example in integration_tests, rendered like on GitHub; the grid is from a real
Airflow in which the demo's DAGs have run.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import demo_teams
import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Page, expect

from browser.make_screenshots import IMAGES, MOST_BYTES, SCHEMES
from chromium import Pages
from goldens import INTEGRATION, run

DAG = "playground_daily"
CHANGES = INTEGRATION / "changes"
HALF_FOR_THE_GRID = """localStorage.setItem("react-resizable-panels:grid-ltr",
    JSON.stringify({"details-panel,main-panel": {expandToSizes: {}, layout: [42, 58]}}))"""
TEMPLATE = Path(__file__).with_name("comment.html")


@pytest.fixture(scope="module")
def airflow() -> Iterator[str]:
    """The URL of Airflow."""
    program = [sys.executable, Path(__file__).with_name("airflow_of_the_demo.py")]
    environment = os.environ | {"PYTHONPATH": str(Path(demo_teams.__file__).parent)}
    pipe = subprocess.PIPE
    with subprocess.Popen(program, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        url = process.stdout.readline().strip()
        assert url, "its errors are above"
        yield url


@pytest.fixture(scope="module")
def comment(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The comment in Markdown, as CI posts it."""
    folder = tmp_path_factory.mktemp("comment")
    shutil.copytree(CHANGES / "pipeline_and_slo", folder, dirs_exist_ok=True)
    registry = ("--registry", CHANGES / "registry")
    for side in ("base", "head"):
        run("dbt", "--quiet", "parse", "--profiles-dir", CHANGES, cwd=folder / side)
        run("dbt-scheduler", "compile", side, "--out", f"out_{side}", *registry, cwd=folder)
    return run(
        "dbt-scheduler",
        "report",
        *("out_base", "out_head", "--format", "comment"),
        *registry,
        cwd=folder,
        expect=1,
    )


@pytest.mark.parametrize("scheme", SCHEMES)
def test_comment(pages: Pages, comment: str, scheme: str) -> None:
    markdown = MarkdownIt("commonmark", {"breaks": True})  # in a comment, a line break is kept
    with pages.watched(TEMPLATE.as_uri(), color_scheme=scheme) as page:
        page.goto(TEMPLATE.as_uri())
        page.locator("main").evaluate("(main, html) => main.innerHTML = html", markdown.render(comment))
        _picture(page, "comment", scheme, element="body")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_grid(pages: Pages, airflow: str, scheme: str) -> None:
    """The grid next to the explanation of the run, in our tab."""
    with pages.watched(airflow, color_scheme=scheme, viewport={"width": 1180, "height": 680}) as page:
        page.expected_errors.append("")  # Airflow's own pages log errors
        page.add_init_script(HALF_FOR_THE_GRID)
        page.goto(f"{airflow}/dags/{DAG}")
        page.get_by_test_id("expand-all-button").click()
        page.locator("a[href*='/runs/']").first.click()
        page.get_by_role("tab", name="Why?").or_(page.get_by_role("link", name="Why?")).first.click()
        frame = page.frame_locator("iframe")
        frame.get_by_role("heading", name=DAG).wait_for()
        expect(frame.locator(".loading")).to_have_count(0)
        _picture(page, "grid", scheme)


def _picture(page: Page, name: str, scheme: str, *, element: str | None = None) -> None:
    path = IMAGES / f"{name}{'' if scheme == 'light' else '-dark'}.png"
    (page.locator(element) if element else page).screenshot(path=path)
    assert path.stat().st_size < MOST_BYTES
