"""The timeline: runs, waits, the critical path of one run."""

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from chromium import Open, cells
from live_pages import LivePages
from site_documents import write_site
from site_registries import NOW, history, shop, waits_of_an_open_run

FINANCE = ".run[data-dag=finance__daily]"


def path(page: Page) -> list[str]:
    steps = page.locator(".path li").all_inner_texts()
    return [" ".join(step.split()) for step in steps]


def test_the_critical_path_of_a_run_leads_to_who_was_late(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/timeline")
    page.locator(FINANCE).click(position={"x": 30, "y": 8})
    assert path(page) == [
        "catalog catalog__daily started 04:01 UTC, then 27 min",
        "orders orders__daily products was ready at 04:28 UTC, then 2 h 20 min",
        "payments payments__daily orders was ready at 06:48 UTC, then 26 min",
        "finance finance__daily payments was ready at 07:14 UTC, then 25 min",
    ]
    assert page.locator(".run-path").count() == 4
    page.go_back()
    expect(page.locator(".path")).to_have_count(0)


def test_a_link_leads_to_a_run(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/timeline?dag=payments__daily&run=scheduled__2026-03-10T04:00:00+00:00")
    expect(page.locator(".run-details h2").first).to_contain_text("payments__daily")
    landed = page.get_by_role("table", name="When the run's data landed").inner_text()
    assert "payments\t10 Mar 2026, 07:14 UTC\t10 Mar 2026, 07:00 UTC\t14 min late" in landed


def test_more_days_and_one_team_only(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/timeline")
    assert page.locator(".run").count() == 5 + 4  # and the legend's
    page.get_by_role("button", name="Week").click()
    page.get_by_role("combobox", name="Team").select_option("orders")
    expect(page.locator(".chart .run")).to_have_count(7)
    assert page.evaluate("location.hash") == "#/timeline?days=7&team=orders"
    page.get_by_role("button", name="Earlier").click()
    expect(page.locator(".range")).to_have_text("24 Feb to 3 Mar, UTC")


def test_a_dag_of_two_teams_is_shown_for_both(open_page: Open, tmp_path: Path) -> None:
    registry = shop()
    documents = {**registry.documents(), "history": history(registry, days=1)}
    documents["index"]["documents"] = ["history"]
    payments = next(run for run in documents["history"]["runs"] if run["team"] == "payments")
    payments["other_teams"] = ["weather_provider"]
    page = open_page(write_site(tmp_path, documents), "/timeline?team=weather_provider")
    expect(page.locator(".chart .run")).to_have_count(1)
    expect(page.locator(".chart-name").first).to_contain_text("payments weather_provider")
    page.get_by_role("button", name="Table").click()
    assert cells(page.get_by_role("row", name="payments__daily"))[1] == "payments weather_provider"


def test_the_table_says_the_same(open_page: Open, shop_site: Path) -> None:
    page = open_page(shop_site, "/timeline")
    page.get_by_role("button", name="Table").click()
    row = page.get_by_role("row", name="orders__daily")
    assert cells(row) == [
        "orders__daily", "orders", "10 Mar 2026, 04:00 UTC", "success", "2 h 47 min", "1 of 2",
    ]  # fmt: skip
    row.get_by_role("link", name="orders__daily").click()
    expect(page.locator(".path li")).to_have_count(2)


def test_who_waits_for_whom_now(open_page: Open, live: LivePages) -> None:
    live.documents["history"]["waits"] += waits_of_an_open_run()
    page = open_page(live.url, "/timeline")
    row = page.get_by_role("table", name="Open waits").get_by_role("row").last
    assert cells(row)[0] == "finance"
    assert cells(row)[2:4] == ["paid_orders", "orders"]


def test_a_run_that_has_not_started_and_one_without_an_end(open_page: Open, tmp_path: Path) -> None:
    registry = shop()
    documents = {**registry.documents(), "history": history(registry, days=1)}
    documents["index"]["documents"] = ["history"]
    first, second, *_ = documents["history"]["runs"]
    first.update(state="queued", start=None, end=None)
    second.update(state="running", end=None)
    page = open_page(write_site(tmp_path, documents), "/timeline")
    expect(page.locator(".chart .run-queued")).to_have_count(1)
    page.locator(".chart .run-running").click(position={"x": 60, "y": 8})
    expect(page.locator(".run-details")).to_contain_text("started 04:01 UTC, for")


def test_what_airflow_did_not_return_in_time_is_said(open_page: Open, live: LivePages) -> None:
    live.documents["history"]["missing"] = [
        "runs that were due before 2026-03-10 00:10 UTC",
        "some of the waits",
    ]
    page = open_page(live.url, "/timeline")
    expect(page.locator(".notice")).to_have_text(
        "Some data is missing: Airflow did not return runs that were due before 2026-03-10 00:10 UTC; "
        "some of the waits in time."
    )
    expect(page.locator(".chart")).to_be_visible()


def test_an_old_history_says_how_old_it_is(open_page: Open, tmp_path: Path) -> None:
    registry = shop()
    documents = {**registry.documents(), "history": history(registry, days=1)}
    documents["index"].update(documents=["history"], history_at="2026-03-02T06:30:00Z")
    documents["history"]["generated_at"] = "2026-03-02T06:30:00Z"
    page = open_page(write_site(tmp_path, documents), "/timeline")
    for place in (".as-of", ".section"):
        expect(page.locator(place).last).to_contain_text("history as of 2 Mar 2026, 06:30 UTC, ")
        expect(page.locator(place).last).to_contain_text(" d ")


def test_a_site_without_a_history_says_how_to_get_one(open_page: Open, hostile_site: Path) -> None:
    page = open_page(hostile_site, "/timeline")
    expect(page.get_by_text("dbt-scheduler history export")).to_be_visible()


def test_the_next_runs_are_in_sight(open_page: Open, live: LivePages) -> None:
    document = live.documents["history"]
    last = document["runs"][-1]
    due = (NOW + timedelta(hours=2)).isoformat()
    document["runs"].append(
        {**last, "run_id": "next", "due": due, "state": "scheduled", "start": None, "end": None}
    )
    page = open_page(live.url, "/timeline")
    coming = page.locator(".chart .run-other")
    expect(coming).to_have_count(1)
    box, chart = coming.bounding_box(), page.locator(".chart-frame").bounding_box()
    assert box
    assert chart
    assert box["x"] + box["width"] < chart["x"] + chart["width"]
    assert page.get_by_role("button", name="Month").count() == 0
