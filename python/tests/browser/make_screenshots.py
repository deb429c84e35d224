"""`make screenshots`: the images in docs/images, of the pages of the example teams; their times are invented."""

import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chromium import Open
from dbt_scheduler.cli import main
from live_pages import LivePages

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 150_000
NOW = datetime(2025, 9, 9, 10, tzinfo=UTC)
LATE = datetime(2025, 9, 9, 1, 31, tzinfo=UTC)
"""The time of the explanation."""
WINDOW = {"width": 1180, "height": 760}
SCHEMES = ("light", "dark")

Document = dict[str, Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the teams in integration_tests, as the command writes it."""
    folder = tmp_path_factory.mktemp("screenshots")
    (folder / "history.json").write_text(json.dumps(_history()))
    result = CliRunner().invoke(
        main,
        [
            *("registry", "site", "--out", str(folder / "site"), "--history", str(folder / "history.json")),
            *("--registry", str(ROOT / "integration_tests" / "expected" / "registry")),
            *("--airflow-url", "https://airflow.example.com"),
        ],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.output
    index = folder / "site" / "data" / "index.js"
    made = r'(\\"generated_at\\":\\")[^\\]+'
    index.write_text(re.sub(made, rf"\g<1>{NOW.isoformat()}", index.read_text(), count=1))
    return folder / "site"


@pytest.fixture
def live(site: Path) -> Iterator[LivePages]:
    """The same documents as served by the plugin."""
    running = LivePages()
    for script in (site / "data").rglob("*.js"):
        name, _, text = script.read_text().removeprefix("dbtScheduler.receive(").partition(",")
        running.documents[json.loads(name)] = json.loads(json.loads(text.strip().removesuffix(")")))
    yield running
    running.end()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("assets", "/"),
        ("asset", "/assets/transactions/dim_customers"),
        ("timeline", "/timeline?dag=shipping_daily&run=scheduled__2025-09-09T00:10:00+00:00&days=1"),
    ],
)
def test_static(open_page: Open, site: Path, name: str, address: str, scheme: str) -> None:
    _picture(open_page, site, (name, address, scheme), NOW)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_why(open_page: Open, live: LivePages, scheme: str) -> None:
    live.documents |= _explanation()
    _picture(open_page, live.url, ("why", "/why/shipping_daily/marts.mrt_delivery_times", scheme), LATE)


def _picture(open_page: Open, site: Path | str, what: tuple[str, str, str], now: datetime) -> None:
    name, address, scheme = what
    page = open_page(site, address, viewport=WINDOW, color_scheme=scheme, reduced_motion="reduce")
    page.clock.set_fixed_time(now)
    page.reload()
    page.wait_for_selector("h1")
    page.locator(".loading").first.wait_for(state="detached")
    if name == "asset":
        page.evaluate("scrollTo(0, document.querySelector('.section').getBoundingClientRect().top - 70)")
    path = IMAGES / f"{name}{'' if scheme == 'light' else '-dark'}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    assert path.stat().st_size < MOST_BYTES


def _history() -> Document:
    chance = random.Random(7)  # noqa: S311 - the same pictures each time
    document: Document = {
        "format_version": 1,
        "generated_at": NOW.isoformat(),
        "since": (NOW - timedelta(days=30)).isoformat(),
        "until": NOW.isoformat(),
        "runs": [],
        "landings": [],
        "waits": [],
    }
    for back in reversed(range(30)):
        _add_day(document, NOW.replace(hour=0) - timedelta(days=back), chance, late=back in (0, 11))
    for hour in range(10):
        for team, minutes in (("transactions", 9), ("shipping", 22)):
            due = NOW.replace(hour=hour, minute=5)
            took = timedelta(minutes=minutes + chance.randrange(7))
            _add_run(document, (team, "hourly"), due, due + timedelta(minutes=1), due + took)
    return document


def _add_day(document: Document, midnight: datetime, chance: random.Random, *, late: bool) -> None:
    due = midnight + timedelta(minutes=10)
    start = due + timedelta(minutes=1)
    segments = start + timedelta(minutes=55 + chance.randrange(30))
    customers = segments + timedelta(minutes=320 if late else 90 + chance.randrange(40))
    delivered = customers + timedelta(minutes=45 + chance.randrange(20))
    _add_run(document, ("playground", "daily"), due, start, segments)
    _add_run(document, ("transactions", "daily"), due, start, customers)
    _add_run(document, ("shipping", "daily"), due, start, delivered)
    _add_wait(document, ("transactions", "dim_customers"), ("playground", "dim_segments"), start, segments)
    _add_wait(
        document, ("shipping", "mrt_delivery_times"), ("transactions", "dim_customers"), start, customers
    )
    _add_landing(document, ("playground", "dim_segments"), due, segments, 2)
    _add_landing(document, ("transactions", "dim_customers"), due, customers, 6)
    _add_landing(document, ("shipping", "dim_carriers_v2"), due, start + timedelta(minutes=25), 3)


def _add_run(document: Document, dag: tuple[str, str], due: datetime, start: datetime, end: datetime) -> None:
    team, pipeline = dag
    period = timedelta(days=1) if pipeline == "daily" else timedelta(hours=1)
    document["runs"].append(
        {
            "dag_id": f"{team}_{pipeline}",
            "run_id": f"scheduled__{due.isoformat()}",
            "team": team,
            "other_teams": [],
            "pipeline": pipeline,
            "period_start": (due - period).isoformat(),
            "period_end": due.isoformat(),
            "due": due.isoformat(),
            "state": "success",
            "start": start.isoformat(),
            "end": end.isoformat(),
        }
    )


def _add_wait(
    document: Document, waiting: tuple[str, str], awaited: tuple[str, str], start: datetime, end: datetime
) -> None:
    run_id = f"scheduled__{start.replace(minute=10).isoformat()}"
    document["waits"].append(
        {
            "dag_id": f"{waiting[0]}_daily",
            "run_id": run_id,
            "task_id": f"wait_for__hard_dependencies.{awaited[1]}",
            "team": waiting[0],
            "producer_team": awaited[0],
            "producer_asset": awaited[1],
            "producer_dag_id": f"{awaited[0]}_daily",
            "producer_task_id": f"dimensions.{awaited[1]}",
            "producer_run_id": run_id,
            "state": "success",
            "start": start.isoformat(),
            "end": end.isoformat(),
            "until": (start + timedelta(hours=12)).isoformat(),
        }
    )


def _add_landing(
    document: Document, made: tuple[str, str], due: datetime, landed: datetime, hours: int
) -> None:
    team, asset = made
    slo = due + timedelta(hours=hours)
    document["landings"].append(
        {
            "team": team,
            "asset": asset,
            "pipeline": "daily",
            "dag_id": f"{team}_daily",
            "run_id": f"scheduled__{due.isoformat()}",
            "period_start": (due - timedelta(days=1)).isoformat(),
            "due": slo.isoformat(),
            "landed": landed.isoformat(),
            "met": landed <= slo,
        }
    )


def _explanation() -> Document:
    since = LATE.replace(hour=0, minute=11)
    until_6 = {"since": since.isoformat(), "until": LATE.replace(hour=6, minute=10).isoformat()}
    until_2 = {"since": since.isoformat(), "until": LATE.replace(hour=2, minute=10).isoformat()}
    failed = _step(
        *("playground", "marts.fct_preds", "failed"), "failed at 2025-09-09 01:02 UTC on try 3; see its log"
    )
    segments = _step(
        *("transactions", "wait_for__soft_dependencies.dim_segments", "deferred"),
        "has been waiting for playground.dim_segments since 2025-09-09 00:11 UTC, until 2025-09-09 02:10 UTC, "
        "then continues without it",
        failed | {"through": ["dimensions.dim_segments"]},
    )
    customers = _step(
        *("transactions", "dimensions.dim_customers", None),
        "has not run: waiting for upstream tasks",
        segments | until_2,
    )
    wait = _step(
        *("shipping", "wait_for__hard_dependencies.dim_customers", "deferred"),
        "has been waiting for transactions.dim_customers since 2025-09-09 00:11 UTC, until 2025-09-09 06:10 UTC",
        customers,
    )
    why = _step(
        *("shipping", "marts.mrt_delivery_times", None),
        "has not run: waiting for upstream tasks",
        wait | until_6,
    )
    return {"why": why, "waiting": {"waiting": [], "later": [], "waited": []}}


def _step(team: str, task_id: str, state: str | None, text: str, *because: Document) -> Document:
    channel = "#some-alerts-channel" if team == "playground" else f"#{team}-alerts"
    dag_id, run_id = f"{team}_daily", "scheduled__2025-09-09T00:10:00+00:00"
    return {
        "dag_id": dag_id,
        "task_id": task_id,
        "run_id": run_id,
        "logical_date": "2025-09-09T00:10:00Z",
        "data_interval_start": "2025-09-08T00:10:00Z",
        "schedule": None,
        "state": state,
        "text": text,
        "team": team,
        "channel": channel,
        "url": f"https://airflow.example.com/dags/{dag_id}/runs/{run_id}/tasks/{task_id}",
        "through": [],
        "ends": True,
        "because": list(because),
    }
