"""Registries for the tests of the pages: one with everything, one with hostile names, one with 50,000 assets."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from site_documents import KINDS, NOW, Asset, Key, Registry, Team

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
RIGHT_TO_LEFT = "ledger_\u202egnidrocer\u202c_\u05d0\u05d1"
EMOJI = "🚚 parcels \u2028 'quoted' \"twice\" & more"
LONG = "a_name_without_end_" * 16
FINDING = {
    "code": "SCH301",
    "severity": "error",
    "path": "models/orders.yml",
    "line": 3,
    "message": "orders reads an asset that is not exposed",
    "hint": "ask its team",
    "subject": "orders",
    "team": "orders",
}


def shop() -> Registry:
    """Six teams: two read each other's assets, one is external; there are edges of every kind."""
    teams = [
        Team(name="catalog", channel="#catalog-data"),
        Team(
            name="finance",
            channel="#finance-data",
            pipelines={"daily": "daily at 05:00 UTC", "monthly": "on the 1st at 06:00 UTC"},
        ),
        Team(name="marketing", channel="#marketing-data"),
        Team(
            name="orders",
            channel="#orders-data",
            pipelines={"daily": "daily at 04:00 UTC", "hourly": "every hour at minute 10"},
        ),
        Team(name="payments", channel="#payments-data"),
        Team(name="weather_provider", external=True, pipelines={"hourly": "every hour"}),
    ]
    assets = [
        Asset(
            team="weather_provider",
            name="forecasts",
            pipelines=("hourly",),
            description="Forecasts by postal code.",
        ),
        Asset(
            team="catalog",
            name="products",
            slo_hours=1,
            tags=("core",),
            owners=("catalog leads",),
            description="One row per product that can be ordered, with its current price and category.",
            columns=(
                ("product_id", "integer", "The key."),
                ("category", "varchar", "As in the shop's navigation."),
                ("price", "numeric(12,2)", "Gross, in euros."),
            ),
        ),
        Asset(team="catalog", name="stg_products", exposed=False),
        Asset(team="orders", name="stg_orders", exposed=False, pipelines=("daily", "hourly")),
        Asset(
            team="orders",
            name="orders",
            pipelines=("daily", "hourly"),
            slo_hours=2,
            tags=("core", "pii"),
            owners=("orders on-call",),
            reads=_reads(plain="orders/stg_orders", hard="catalog/products"),
            description="One row per order.\nCancelled orders stay, with their state.",
            columns=(
                ("order_id", "integer", "The key."),
                ("customer_email", "varchar", ""),
                ("product_id", "integer", ""),
                ("total", "numeric(12,2)", "Gross, in euros."),
            ),
        ),
        Asset(
            team="orders",
            name="open_orders",
            exposed=False,
            reads=_reads(plain="orders/orders", hard="payments/payments"),
        ),
        Asset(
            team="orders",
            name="paid_orders",
            slo_hours=4,
            tags=("core",),
            reads=_reads(plain="orders/orders orders/open_orders", hard="payments/payments"),
            description="Orders that have been paid in full.",
        ),
        Asset(
            team="payments",
            name="payments",
            slo_hours=3,
            tags=("pii",),
            owners=("payments on-call",),
            reads=_reads(hard="orders/orders"),
            description="Payments and refunds.",
        ),
        Asset(
            team="payments",
            name="fraud_scores",
            exposed=False,
            reads=_reads(plain="payments/payments", no_wait="orders/paid_orders"),
        ),
        Asset(
            team="finance",
            name="revenue",
            pipelines=("daily", "monthly"),
            slo_hours=5,
            tags=("reporting",),
            owners=("finance leads",),
            reads=_reads(hard="orders/paid_orders payments/payments"),
            description="Revenue by day and category.",
        ),
        Asset(
            team="finance",
            name="forecast",
            exposed=False,
            reads=_reads(plain="finance/revenue", soft="weather_provider/forecasts"),
        ),
        Asset(
            team="finance",
            name="send_report",
            is_task=True,
            pipelines=("monthly",),
            reads=_reads(plain="finance/revenue"),
        ),
        Asset(
            team="marketing",
            name="campaigns",
            exposed=False,
            reads=_reads(soft="catalog/products orders/paid_orders", no_wait="finance/revenue"),
        ),
        Asset(
            team="marketing",
            name="refresh_audience",
            is_task=True,
            reads=_reads(soft="orders/orders", plain="marketing/campaigns"),
        ),
    ]
    assets[1].reads = _reads(plain="catalog/stg_products")
    return Registry(teams, assets)


def hostile() -> Registry:
    """Names with markup, with changes of the text direction, and of extreme length."""
    teams = [
        Team(name=HOSTILE, channel=HOSTILE),
        Team(name=RIGHT_TO_LEFT, channel="#\u202eback"),
        Team(name=LONG),
        Team(name="__proto__"),
        Team(name="../.."),
    ]
    names = [
        HOSTILE,
        RIGHT_TO_LEFT,
        EMOJI,
        LONG,
        "__proto__",
        "constructor",
        "..",
        "a/b?c#d%2f",
        "javascript:alert(1)",
    ]
    assets = [
        Asset(
            team=team.name,
            name=name,
            description=HOSTILE,
            tags=(HOSTILE, LONG),
            owners=(EMOJI,),
            columns=((HOSTILE, HOSTILE, RIGHT_TO_LEFT), (LONG, LONG, LONG)),
        )
        for team in teams[:3]
        for name in names
    ]
    assets += [Asset(team="__proto__", name="__proto__"), Asset(team="../..", name="..")]
    for before, after in pairwise(assets):
        after.reads = {before.key: "hard"}
    return Registry(teams, assets, problems=[f"the entry of {HOSTILE} cannot be read"])


def many(how_many: int = 50_000) -> Registry:
    """This number of assets of 200 teams, each with a dozen columns and readers."""
    chance = random.Random(13)  # noqa: S311 - the same documents each time
    words = [
        "account",
        "address",
        "basket",
        "booking",
        "campaign",
        "claim",
        "customer",
        "delivery",
        "event",
        "invoice",
        "item",
        "ledger",
        "margin",
        "order",
        "parcel",
        "payment",
        "price",
        "product",
        "refund",
        "region",
        "return",
        "session",
        "shipment",
        "stock",
        "supplier",
        "tax",
        "ticket",
        "visit",
        "voucher",
        "warehouse",
    ]
    teams = [
        Team(name=f"{chance.choice(words)}_{chance.choice(words)}_{place}", channel=f"#team-{place}")
        for place in range(200)
    ]
    columns = [
        f"{first}_{last}" for first in words for last in ("id", "at", "count", "amount", "name", "state")
    ]
    assets = []
    for place in range(how_many):
        reads = {
            assets[chance.randrange(len(assets))].key: chance.choice(KINDS[1:]) for _ in range(min(2, place))
        }
        assets.append(
            Asset(
                team=teams[place % 200].name,
                name=f"{chance.choice(('fct', 'dim', 'stg', 'int'))}_{chance.choice(words)}_{chance.choice(words)}_{place}",
                exposed=place % 3 == 0,
                reads=reads,
                columns=tuple((name, "varchar", "") for name in chance.sample(columns, 12)),
                tags=(chance.choice(words),),
                owners=(f"{chance.choice(words)} leads",),
                slo_hours=chance.choice((None, 1, 2, 4)),
            )
        )
    return Registry(teams, assets)


def history(registry: Registry, days: int = 3) -> dict[str, Any]:
    """Runs of the daily pipelines, each with its waits; orders was late on the last day."""
    document: dict[str, Any] = {
        "format_version": 1,
        "generated_at": NOW.isoformat(),
        "since": (NOW - timedelta(days=days)).isoformat(),
        "until": NOW.isoformat(),
        "runs": [],
        "landings": [],
        "waits": [],
    }
    for back in reversed(range(days)):
        _add_day(document, registry, NOW.replace(hour=0) - timedelta(days=back), late=back == 0)
    return document


def _add_day(document: dict[str, Any], registry: Registry, midnight: datetime, *, late: bool) -> None:
    order = ["catalog", "orders", "payments", "finance", "marketing"]
    ends: dict[str, datetime] = {}
    for team in order:
        due = midnight + timedelta(hours=5 if team == "finance" else 4)
        needed = sorted(
            {key[0] for each in registry.assets if each.team == team for key in each.reads}
            & ends.keys() - {team}
        )
        waited = max([due + timedelta(minutes=3), *(ends[other] for other in needed)])
        end = waited + timedelta(minutes=140 if late and team == "orders" else 18 + len(team))
        running = end > NOW
        run_id = f"scheduled__{due.isoformat()}"
        ends[team] = end
        document["runs"].append(
            {
                "dag_id": f"{team}__daily",
                "run_id": run_id,
                "team": team,
                "other_teams": [],
                "pipeline": "daily",
                "period_start": (midnight - timedelta(days=1)).isoformat(),
                "period_end": midnight.isoformat(),
                "due": due.isoformat(),
                "state": "running" if running else "success",
                "start": (due + timedelta(minutes=1)).isoformat(),
                "end": None if running else end.isoformat(),
            }
        )
        for other in needed:
            other_due = midnight + timedelta(hours=5 if other == "finance" else 4)
            produced = next(
                key for each in registry.assets if each.team == team for key in each.reads if key[0] == other
            )
            document["waits"].append(
                {
                    "dag_id": f"{team}__daily",
                    "run_id": run_id,
                    "task_id": f"wait_for.{'.'.join(produced)}",
                    "team": team,
                    "producer_team": other,
                    "producer_asset": produced[1],
                    "producer_dag_id": f"{other}__daily",
                    "producer_task_id": f"models.{produced[1]}",
                    "producer_run_id": f"scheduled__{other_due.isoformat()}",
                    "state": "success",
                    "start": (due + timedelta(minutes=2)).isoformat(),
                    "end": max(ends[other], due + timedelta(minutes=3)).isoformat(),
                    "until": (due + timedelta(hours=12)).isoformat(),
                }
            )
        for asset in registry.assets:
            if asset.team == team and asset.slo_hours:
                slo = due + timedelta(hours=asset.slo_hours)
                document["landings"].append(
                    {
                        "team": team,
                        "asset": asset.name,
                        "pipeline": "daily",
                        "dag_id": f"{team}__daily",
                        "run_id": run_id,
                        "period_start": (midnight - timedelta(days=1)).isoformat(),
                        "due": slo.isoformat(),
                        "landed": None if running else end.isoformat(),
                        "met": end <= slo,
                    }
                )


def _reads(**assets: str) -> dict[Key, str]:
    """Assets as "team/asset", separated by spaces, by the kind of edge."""
    return {tuple(name.split("/")): kind for kind, names in assets.items() for name in names.split()}


def waits_of_an_open_run() -> list[dict[str, Any]]:
    """Waits of finance for the late orders."""
    wait = {
        "dag_id": "finance__daily",
        "run_id": "manual__today",
        "task_id": "wait_for.orders.paid_orders",
        "team": "finance",
        "producer_team": "orders",
        "producer_asset": "paid_orders",
        "producer_dag_id": "orders__daily",
        "producer_task_id": "models.paid_orders",
        "producer_run_id": None,
        "state": "deferred",
        "start": (NOW - timedelta(hours=2)).isoformat(),
        "end": None,
        "until": (NOW + timedelta(hours=6)).isoformat(),
    }
    return [wait]


def explanation() -> dict[str, Any]:
    """Why finance's revenue did not run, as a chain over three teams with two root causes, and the waiting tasks."""
    now = datetime.now(UTC)
    waits = {"since": (now - timedelta(hours=3)).isoformat(), "until": (now + timedelta(hours=5)).isoformat()}
    failed = _step("catalog", "models.products", "failed", "failed at 04:12 UTC: division by zero")
    late = _step("weather_provider", "models.forecasts", "running", "runs since 05:10 UTC")
    products = _step("orders", "wait_for.catalog.products", "deferred", "waits for catalog.products", failed)
    products["through"] = ["models.orders"]
    orders = _step("orders", "models.paid_orders", None, "has not run", products | waits, late)
    paid = _step("finance", "wait_for.orders.paid_orders", "deferred", "waits for orders.paid_orders", orders)
    waiting = {
        "team": "marketing",
        "channel": "#marketing-data",
        "dag_id": "marketing__daily",
        "run_id": "manual__today",
        "sensor_task_id": "wait_for.orders.paid_orders",
        "state": "deferred",
        "since": waits["since"],
        "until": waits["until"],
        "dependency": "soft",
        "url": "",
    }
    later = {
        "team": "finance",
        "channel": "#finance-data",
        "dag_id": "finance__monthly",
        "sensor_task_id": "wait_for.orders.paid_orders",
        "dependency": "hard",
    }
    return {
        "why": _step("finance", "models.revenue", "upstream_failed", "did not run", paid | waits),
        "waiting": {"waiting": [waiting], "later": [later], "waited": []},
    }


def _step(team: str, task_id: str, state: str | None, text: str, *because: dict[str, Any]) -> dict[str, Any]:
    dag_id = f"{team}__{'hourly' if team == 'weather_provider' else 'daily'}"
    run_id = "scheduled__2026-03-10T05:00:00+00:00"
    return {
        "dag_id": dag_id,
        "task_id": task_id,
        "run_id": run_id,
        "logical_date": "2026-03-10T05:00:00Z",
        "data_interval_start": "2026-03-09T05:00:00Z",
        "schedule": None,
        "state": state,
        "text": text,
        "team": team,
        "channel": f"#{team}-data",
        "url": f"https://airflow.example.org/dags/{dag_id}/runs/{run_id}/tasks/{task_id}",
        "through": [],
        "ends": True,
        "because": list(because),
    }
