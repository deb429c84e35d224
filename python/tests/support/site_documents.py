"""Documents of a registry as its pages read them: a small one that has everything, one with hostile names, one with 50,000 assets."""

import json
import random
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import dbt_scheduler

BUNDLE = Path(dbt_scheduler.__file__).parent / "site" / "bundle"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
KINDS = ["plain", "hard", "soft", "no_wait"]
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
RIGHT_TO_LEFT = "ledger_\u202egnidrocer\u202c_\u05d0\u05d1"
EMOJI = "🚚 parcels \u2028 'quoted' \"twice\" & more"
LONG = "a_name_without_end_" * 16


@dataclass(kw_only=True)
class Asset:
    """An asset and the assets that its task reads, by "team/asset", with the kind of each edge."""

    team: str
    name: str
    pipelines: tuple[str, ...] = ("daily",)
    exposed: bool = True
    reads: dict[str, str] = field(default_factory=dict)
    columns: tuple[tuple[str, str, str], ...] = (
        ("id", "integer", "The key."),
        ("updated_at", "timestamp", ""),
    )
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    description: str = ""
    slo_hours: int | None = None
    is_task: bool = False  # it reads and makes no asset

    @property
    def key(self) -> str:
        """What other assets call it."""
        return f"{self.team}/{self.name}"

    @property
    def task_id(self) -> str:
        """The task that makes it."""
        return self.name if self.is_task else f"models.{self.name}"


@dataclass(kw_only=True)
class Team:
    """A team and its pipelines: the words of each one's schedule."""

    name: str
    channel: str | None = None
    pipelines: dict[str, str] = field(default_factory=lambda: {"daily": "daily at 04:00 UTC"})
    external: bool = False


@dataclass
class Registry:
    """All documents of a few teams."""

    teams: list[Team]
    assets: list[Asset]
    problems: list[str] = field(default_factory=list)

    def documents(self) -> dict[str, Any]:
        """By name, as the contract of the pages has them."""
        made = sorted(
            (each for each in self.assets if not each.is_task), key=lambda each: (each.name, each.team)
        )
        self.tasks = [each for each in self.assets if each.is_task]
        self.places = {each.key: place for place, each in enumerate(made)}
        self.team_places = {each.name: place for place, each in enumerate(self.teams)}
        self.by_key = {each.key: each for each in self.assets}
        self.readers: dict[str, list[tuple[Asset, str]]] = {}
        for each in self.assets:
            for key, kind in each.reads.items():
                self.readers.setdefault(key, []).append((each, kind))
        documents = {"index": self._index(made), "edges": self._edges(made)}
        for place, team in enumerate(self.teams):
            documents[f"teams/{place}"] = self._team(team)
        return documents

    def _index(self, made: list[Asset]) -> dict[str, Any]:
        pipelines = sorted({name for team in self.teams for name in team.pipelines})
        tags = sorted({tag for each in made for tag in each.tags})
        owners = sorted({owner for each in made for owner in each.owners})
        readiness = {text: place for place, text in enumerate(sorted({self._ready(each) for each in made}))}
        return {
            "format_version": 1,
            "generated_at": NOW.isoformat(),
            "registry": "s3://registry/production",
            "problems": self.problems,
            "documents": [],
            "airflow_url": "https://airflow.example.org",
            "teams": [
                {"name": each.name, "channel": each.channel, "tag": [], "external": each.external}
                for each in self.teams
            ],
            "pipelines": pipelines,
            "tags": tags,
            "owners": owners,
            "assets": {
                "name": [each.name for each in made],
                "team": [self.team_places[each.team] for each in made],
                "exposed": [int(each.exposed) for each in made],
                "pipelines": [[pipelines.index(name) for name in each.pipelines] for each in made],
                "ready": [readiness[self._ready(each)] for each in made],
                "task": [each.task_id for each in made],
                "readers": [self._reader_places(each) for each in made],
                "tags": [[tags.index(tag) for tag in each.tags] for each in made],
                "owners": [[owners.index(owner) for owner in each.owners] for each in made],
                "columns": [" ".join(name for name, _, _ in each.columns) for each in made],
            },
            "readiness": list(readiness),
        }

    def _reader_places(self, asset: Asset) -> list[int]:
        teams = {reader.team for reader, _ in self.readers.get(asset.key, ())} - {asset.team}
        return sorted(self.team_places[team] for team in teams)

    def _ready(self, asset: Asset) -> str:
        return "; ".join(self._promise(asset, name) for name in asset.pipelines)

    def _promise(self, asset: Asset, pipeline: str) -> str:
        return (
            f"{pipeline}, by 0{asset.slo_hours + 4}:00 UTC"
            if asset.slo_hours
            else f"{pipeline}, when it is done"
        )

    def _edges(self, made: list[Asset]) -> dict[str, Any]:
        nodes = {**self.places, **{each.key: len(made) + i for i, each in enumerate(self.tasks)}}
        edges = [
            (nodes[key], nodes[each.key], KINDS.index(kind))
            for each in self.assets
            for key, kind in each.reads.items()
        ]
        return {
            "from": [source for source, _, _ in edges],
            "to": [target for _, target, _ in edges],
            "kind": [kind for _, _, kind in edges],
            "tasks": [
                {
                    "team": self.team_places[each.team],
                    "task_id": each.task_id,
                    "dag_id": f"{each.team}__{each.pipelines[0]}",
                }
                for each in self.tasks
            ],
        }

    def _team(self, team: Team) -> dict[str, Any]:
        own = [each for each in self.assets if each.team == team.name]
        return {
            "name": team.name,
            "channel": team.channel,
            "tag": ["@on-call"] if team.channel else [],
            "external": team.external,
            "project": None if team.external else team.name,
            "pipelines": [
                {"name": name, "schedule": words, "dag_id": f"{team.name}__{name}"}
                for name, words in team.pipelines.items()
            ],
            "assets": {each.name: self._asset(each) for each in own if not each.is_task},
            "reads": [
                {
                    "asset": key.split("/", 1)[1],
                    "team": key.split("/", 1)[0],
                    "channel": self.teams[self.team_places[key.split("/", 1)[0]]].channel,
                    "ready": self._ready(self.by_key[key]),
                    "dependency": kind,
                    "dag_id": f"{team.name}__{each.pipelines[0]}",
                    "task_id": each.task_id,
                }
                for each in own
                for key, kind in each.reads.items()
                if kind != "plain"
            ],
            "acknowledged": [],
        }

    def _asset(self, asset: Asset) -> dict[str, Any]:
        return {
            "latest_of": None,
            "task_id": asset.task_id,
            "exposed": asset.exposed,
            "description": asset.description,
            "tags": list(asset.tags),
            "owners": list(asset.owners),
            "relation": f"warehouse.{asset.team}.{asset.name}",
            "columns": [
                {"name": name, "type": type_ or None, "description": text}
                for name, type_, text in asset.columns
            ],
            "promises": [
                {
                    "pipeline": name,
                    "dag_id": f"{asset.team}__{name}",
                    "exposed": asset.exposed,
                    "slo_seconds": asset.slo_hours * 3600 if asset.slo_hours else None,
                    "ready": self._promise(asset, name),
                }
                for name in asset.pipelines
            ],
            "consumers": [
                {
                    "team": reader.team,
                    "channel": self.teams[self.team_places[reader.team]].channel,
                    "dag_id": f"{reader.team}__{reader.pipelines[0]}",
                    "task_id": reader.task_id,
                    "dependency": kind,
                    "producer_pipeline": asset.pipelines[0],
                }
                for reader, kind in self.readers.get(asset.key, ())
                if reader.team != asset.team
            ],
        }


def write_site(folder: Path, documents: dict[str, Any], bundle: Path = BUNDLE) -> Path:
    """A static site: the bundle, and each document as one call."""
    shutil.copytree(bundle, folder, dirs_exist_ok=True)
    for name, document in documents.items():
        path = folder / "data" / f"{name}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"dbtScheduler.receive({json.dumps(name)}, {_js_string(json.dumps(document))});\n")
    return folder


def _js_string(text: str) -> str:
    return json.dumps(text).replace("<", "\\u003c")


def shop() -> Registry:
    """Six teams: two read each other's assets, one is external, edges of every kind."""
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
            reads={"orders/stg_orders": "plain", "catalog/products": "hard"},
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
            reads={"orders/orders": "plain", "payments/payments": "hard"},
        ),
        Asset(
            team="orders",
            name="paid_orders",
            slo_hours=4,
            tags=("core",),
            reads={"orders/orders": "plain", "orders/open_orders": "plain", "payments/payments": "hard"},
            description="Orders that have been paid in full.",
        ),
        Asset(
            team="payments",
            name="payments",
            slo_hours=3,
            tags=("pii",),
            owners=("payments on-call",),
            reads={"orders/orders": "hard"},
            description="Payments and refunds.",
        ),
        Asset(
            team="payments",
            name="fraud_scores",
            exposed=False,
            reads={"payments/payments": "plain", "orders/paid_orders": "no_wait"},
        ),
        Asset(
            team="finance",
            name="revenue",
            pipelines=("daily", "monthly"),
            slo_hours=5,
            tags=("reporting",),
            owners=("finance leads",),
            reads={"orders/paid_orders": "hard", "payments/payments": "hard"},
            description="Revenue by day and category.",
        ),
        Asset(
            team="finance",
            name="forecast",
            exposed=False,
            reads={"finance/revenue": "plain", "weather_provider/forecasts": "soft"},
        ),
        Asset(
            team="finance",
            name="send_report",
            is_task=True,
            pipelines=("monthly",),
            reads={"finance/revenue": "plain"},
        ),
        Asset(
            team="marketing",
            name="campaigns",
            exposed=False,
            reads={"catalog/products": "soft", "orders/paid_orders": "soft", "finance/revenue": "no_wait"},
        ),
        Asset(
            team="marketing",
            name="refresh_audience",
            is_task=True,
            reads={"orders/orders": "soft", "marketing/campaigns": "plain"},
        ),
    ]
    assets[1].reads = {"catalog/stg_products": "plain"}
    return Registry(teams, assets)


def hostile() -> Registry:
    """Names that are markup, turn the writing direction, or never end."""
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
    """As many assets of 200 teams, each with a dozen columns and readers."""
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
    """Runs of the daily pipelines, each waiting for those that it reads; orders was late on the last day."""
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
            {key.split("/", 1)[0] for each in registry.assets if each.team == team for key in each.reads}
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
                key
                for each in registry.assets
                if each.team == team
                for key in each.reads
                if key.startswith(f"{other}/")
            )
            document["waits"].append(
                {
                    "dag_id": f"{team}__daily",
                    "run_id": run_id,
                    "task_id": f"wait_for.{produced.replace('/', '.')}",
                    "team": team,
                    "producer_team": other,
                    "producer_asset": produced.split("/", 1)[1],
                    "producer_dag_id": f"{other}__daily",
                    "producer_task_id": f"models.{produced.split('/', 1)[1]}",
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
