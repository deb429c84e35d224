"""A team whose tasks run in images, one of them with dbt and its project, and the results that must be the same anywhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from dbt_team import DbtTeam
from harness import Platform

TEAMS_IMAGE, BASE_IMAGE = "localhost/shop:1", "localhost/base:1"
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
SCHEDULED = {"meta": {"scheduler": {"pipelines": ["daily"]}}}
EVENTS = {"materialized": "incremental", "incremental_strategy": "microbatch", "event_time": "event_at"}
PROJECT: dict[str, Any] = {
    "models/one.sql": "select 1 as id from {{ source('lake', 'rates') }}",
    "models/other.sql": "select 1 as id",
    "models/events.sql": f"select 1 as id, timestamp '{YESTERDAY} 12:00' as event_at",
    "models/all.yml": {
        "sources": [{"name": "lake", "schema": "main", "tables": [{"name": "rates"}]}],
        "models": [
            {"name": "one", "config": SCHEDULED, "columns": [{"name": "id", "data_tests": ["unique"]}]},
            {
                "name": "events",
                "config": {**SCHEDULED, **EVENTS, "begin": YESTERDAY, "batch_size": "day", "lookback": 0},
            },
        ],
    },
    "scheduler.yaml": """\
version: 0.17
team: shop
dbt_settings: {image: "localhost/shop:1", memory: 1g}
tasks:
  - kind: universal
    assets: [rates]
    pipelines: [daily]
    image: localhost/base:1
    cpus: 0.5
    command: python -c "import duckdb, os; duckdb.connect(os.environ['WAREHOUSE']).execute('create table rates as select 1')"
""",
}
_PLAIN = "running the plain dbt command, because no slice can be used"


def a_team(root: Path, where: dict[str, Any]) -> DbtTeam:
    """The team; ``where`` are the keys of platform.yaml for the place where its tasks run."""
    team = DbtTeam(root, PROJECT, **{"on-run-end": "create table done as select {{ results | length }} as n"})
    file = root / "platform.yaml"
    platform = yaml.safe_load(file.read_text())
    platform["dbt"] |= {**where, "command": "dbt", "target": "prod"}
    platform["kinds"] = {
        "universal": {**where, "pool": "default_pool", "environment": {"pass": ["WAREHOUSE"]}}
    }
    file.write_text(yaml.safe_dump(platform))
    return team


def run_all(platform: Platform, team: DbtTeam) -> None:
    """Run the team's DAG, and check the results of every task in the warehouse and in Airflow."""
    platform.deploy(team.compile())
    platform.run("shop_daily", f"{YESTERDAY}T00:10")
    platform.work()
    assert platform.states("shop_daily") == {
        "rates": "success",
        "one": "success",
        "events": "success",
        "on_run_end.project-hooks": "success",
    }
    assert team.sql("select id from main.one") == [1]
    assert team.sql("select id from main.events") == [1]
    assert team.sql("select n from done") == [3]
    done = platform.xcom("shop_daily", "one", "dbt_outcome")
    assert (done["node"]["unique_id"], done["node"]["status"], done["tests"]["pass"]) == (
        "model.shop.one",
        "success",
        1,
    )


def require_sliced(log: str) -> None:
    """Check that each task loaded only its own one of three models, and parsed nothing."""
    assert _PLAIN not in log
    assert "Found 1 model, " in log
