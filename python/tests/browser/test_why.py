"""Why a task did or did not run, live, and who is waiting for it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from chromium import Open, cells
from live_pages import LivePages
from site_registries import explanation

RUN = "scheduled__2026-03-10T05:00:00+00:00"


@pytest.fixture
def explained(live: LivePages) -> LivePages:
    live.documents |= explanation()
    return live


def test_the_chain_leads_to_the_root_causes_with_their_owners(open_page: Open, explained: LivePages) -> None:
    page = open_page(explained.url, f"/why/finance__daily/models.revenue?run={RUN}")
    summary = page.locator(".root-summary")
    expect(summary).to_contain_text("2 root causes")
    expect(summary).to_contain_text("catalog: products failed at 04:12 UTC")
    assert page.locator(".step header .team-name").all_inner_texts() == [
        "finance", "finance", "orders", "orders", "catalog", "weather_provider",
    ]  # fmt: skip
    assert page.locator(".step-root .team-name").all_inner_texts() == ["catalog", "weather_provider"]
    wait = page.locator(".step").nth(1)
    expect(wait).to_contain_text("times out in")
    expect(wait).to_contain_text("#finance-data")
    assert wait.get_by_role("link", name="Log").get_attribute("href") == (
        f"https://airflow.example.org/dags/finance__daily/runs/{RUN}/tasks/wait_for.orders.paid_orders"
    )
    assert f"/data/why?dag=finance__daily&task=models.revenue&run={RUN}" in explained.asked


def test_a_link_that_does_not_lead_to_airflow_is_none(open_page: Open, explained: LivePages) -> None:
    explained.documents["why"]["url"] = "javascript:alert(1)"
    explained.documents["why"]["because"][0]["url"] = "https://elsewhere.example/"
    page = open_page(explained.url, "/why/finance__daily/models.revenue")
    expect(page.locator(".step")).to_have_count(6)
    hrefs = page.locator(".step a").evaluate_all("links => links.map(({ href }) => href)")
    assert [href for href in hrefs if "elsewhere" in href or "script" in href] == []


def test_who_is_waiting_and_until_when(open_page: Open, explained: LivePages) -> None:
    page = open_page(explained.url, "/why/orders__daily/models.paid_orders")
    now = page.get_by_role("table", name="Waiting tasks").get_by_role("row").last
    expect(now).to_contain_text("marketing")
    expect(now).to_contain_text("soft wait")
    later = page.get_by_role("table", name="Tasks waiting in later runs").get_by_role("row").last
    assert cells(later)[:2] == ["finance", "#finance-data"]


def test_a_task_that_has_run_says_what_it_waited_for(open_page: Open, explained: LivePages) -> None:
    why: dict[str, Any] = explained.documents["why"]
    why.update(state="success", text="has run", because=[], ends=False)
    explained.documents["waiting"]["waited"] = [
        {
            "sensor_task_id": "wait_for.orders.paid_orders",
            "team": "orders",
            "asset": "paid_orders",
            "dependency": "hard",
            "state": "success",
            "start": "2026-03-10T05:02:00Z",
            "end": "2026-03-10T06:48:00Z",
            "url": "",
        }
    ]
    page = open_page(explained.url, "/why/finance__daily/models.revenue")
    waited = page.get_by_role("table", name="What it waited for").get_by_role("row").last
    assert cells(waited)[:2] == ["paid_orders", "orders"]
    assert cells(waited)[3:] == ["10 Mar 2026, 05:02 UTC", "1 h 46 min"]
    assert page.locator(".root-summary").count() == 0


def test_a_whole_run_is_explained_too(open_page: Open, explained: LivePages) -> None:
    explained.documents["why"].update(task_id="", text="is running", state="running")
    page = open_page(explained.url, f"/why/finance__daily?run={RUN}")
    expect(page.get_by_role("heading", level=1)).to_have_text("finance__daily")
    expect(page.locator(".step").first).to_contain_text("the run is running")
    assert f"/data/why?dag=finance__daily&task=&run={RUN}" in explained.asked


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "you do not have permission to view this"), (503, "the registry cannot be reached")],
    ids=["not permitted", "backend down"],
)
def test_an_answer_that_fails_is_said_in_its_place(
    open_page: Open, explained: LivePages, status: int, said: str
) -> None:
    explained.documents["why"] = status
    page = open_page(explained.url, "/why/orders__daily/models.orders")
    page.expected_errors.append(f"status of {status}")
    expect(page.locator(".notice")).to_contain_text(said)
    expect(page.get_by_role("table", name="Waiting tasks")).to_be_visible()


def test_a_task_is_asked_for(open_page: Open, explained: LivePages) -> None:
    page = open_page(explained.url, "/why")
    page.get_by_label("DAG").fill("finance__daily")
    page.get_by_label("Task").fill("models.revenue")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("revenue")


def test_a_whole_run_is_asked_for(open_page: Open, explained: LivePages) -> None:
    page = open_page(explained.url, "/why")
    page.get_by_label("DAG").fill("finance__daily")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("finance__daily")
    expect(page.locator(".step")).to_have_count(6)


def test_where_the_viewer_may_not_look_is_no_root_cause(open_page: Open, explained: LivePages) -> None:
    wait = explained.documents["why"]["because"][0]
    wait.update(
        because=[],
        hidden=True,
        text="waits for an asset that is produced by a DAG that you do not have permission to view in Airflow",
    )
    page = open_page(explained.url, "/why/finance__daily/models.revenue")
    expect(page.locator(".root-title")).to_have_text("The chain continues in DAGs that you cannot view")
    expect(page.locator(".step").last).to_contain_text("not visible to you")
    assert "root cause" not in page.locator("main").inner_text().lower()


def test_a_static_site_says_what_it_knows_and_the_command(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, f"/why/finance__daily/models.revenue?run={RUN}")
    expect(page.locator("code")).to_have_text(
        f"dbt-scheduler explain finance__daily models.revenue --run {RUN}"
    )
    assert "2 h 12 min" in page.get_by_role("table", name="What it waited for").inner_text()


def test_the_command_of_a_static_site_is_safe_to_copy(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/why/finance__daily/a;b?run=it's%20$(late)")
    expect(page.locator("code")).to_have_text(
        r"dbt-scheduler explain finance__daily 'a;b' --run 'it'\''s $(late)'"
    )
