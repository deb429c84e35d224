"""The pages inside a real Airflow, in which one team is late, for an admin and for a viewer of one team."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from chromium import Pages

TESTS = Path(__file__).parents[1]
RUN = "scheduled__2025-03-02T00%3A10%3A00%2B00%3A00"
LOGIN = {"password": "a password of these tests only"}
WAITS = f"/why/playground_daily/marts.mine?run={RUN}"


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of Airflow."""
    home = tmp_path_factory.mktemp("airflow")
    path = ":".join(str(TESTS / each) for each in ("airflow", "support"))
    program = [sys.executable, str(Path(__file__).with_name("live_airflow.py")), str(home)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            program,
            env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout
    url = next((line.strip() for line in process.stdout if line.startswith("http://")), "")
    assert url, (home / "log").read_text()[-3000:]
    yield url
    process.kill()
    process.communicate()


@pytest.fixture
def visit(airflow: str, pages: Pages) -> Iterator[Any]:
    """Opens a route of the pages, or a page of Airflow's own UI, as a user."""
    opened = []

    def visit_(who: str, address: str) -> Page:
        token = httpx.post(f"{airflow}/auth/token", json={"username": who, **LOGIN}).json()["access_token"]
        cookie = {"name": "_token", "value": token, "domain": "127.0.0.1", "path": "/", "expires": -1}
        cookie |= {"httpOnly": False, "secure": False, "sameSite": "Lax"}
        state = {"cookies": [cookie], "origins": []}
        manager = pages.watched(airflow, storage_state=state, viewport={"width": 1280, "height": 860})
        page = manager.__enter__()
        opened.append(manager)
        page.goto(f"{airflow}{address}")
        return page

    yield visit_
    for manager in opened:
        manager.__exit__(None, None, None)


def test_why_a_run_is_late_for_an_admin(visit: Any) -> None:
    page = visit("admin", f"/dbt-scheduler/#{WAITS}")
    expect(page.locator(".root-summary")).to_contain_text("shipping: dim failed at")
    assert page.locator(".step header .team-name").all_inner_texts() == [
        "playground",
        "playground",
        "shipping",
    ]


def test_the_pages_of_a_viewer_have_nothing_of_other_teams_dags(visit: Any) -> None:
    page = visit("viewer", f"/dbt-scheduler/#{WAITS}")
    expect(page.locator(".step").nth(1)).to_contain_text(
        "wait_for__hard_dependencies.dim waits for shipping.dim, which is produced by a DAG that you do not have permission to view in Airflow"
    )
    page.goto(page.url.partition("#")[0] + "#/")
    expect(page.locator("main")).to_contain_text("assets")
    assert "secret" not in page.content()
    page.expected_errors.append("404")
    page.goto(page.url.partition("#")[0] + "#/why/finance_daily/marts.secret")
    expect(page.locator("main")).to_contain_text('DAG "finance_daily" not found in the registry')


def test_the_tab_on_airflows_page_of_a_task_and_the_way_from_there_to_the_producers(visit: Any) -> None:
    page = visit("admin", f"/dags/playground_daily/runs/{RUN}/tasks/marts.mine")
    page.expected_errors.append("")  # Airflow's own pages log errors
    page.get_by_role("tab", name="Why?").or_(page.get_by_role("link", name="Why?")).first.click()
    frame = page.frame_locator("iframe")
    cause = frame.locator(".step-root")
    expect(cause).to_contain_text("shipping")
    cause.get_by_role("link", name="Log").click()
    page.wait_for_url(f"**/dags/shipping_daily/runs/{RUN}/tasks/marts.dim")


def test_a_tab_for_a_whole_run_and_an_entry_in_the_navigation(visit: Any) -> None:
    page = visit("admin", f"/dags/playground_daily/runs/{RUN}/plugin/dbt-scheduler-dag-run")
    page.expected_errors.append("")
    expect(page.frame_locator("iframe").locator(".root-summary")).to_contain_text("shipping: dim failed at")
    page.get_by_role("link", name="Registry").first.click()
    expect(page.frame_locator("iframe").get_by_role("link", name="secret")).to_be_visible()
