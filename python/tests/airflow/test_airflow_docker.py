"""The place ``docker``: the real DockerOperator and a real engine, which run a team's tasks in real containers."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from container_engine import ContainerEngine
from dbt_team import DbtTeam
from goldens import INTEGRATION
from harness import Platform

SCHEDULED = {"meta": {"scheduler": {"pipelines": ["daily"]}}}
EVENTS = {"materialized": "incremental", "incremental_strategy": "microbatch", "event_time": "at"}
PROJECT: dict[str, Any] = {
    "models/one.sql": "select 1 as id from {{ source('lake', 'rates') }}",
    "models/other.sql": "select 1 as id",
    "models/events.sql": "select 1 as id, timestamp '2025-03-01 12:00' as at",
    "models/all.yml": {
        "sources": [{"name": "lake", "schema": "main", "tables": [{"name": "rates"}]}],
        "models": [
            {"name": "one", "config": SCHEDULED, "columns": [{"name": "id", "data_tests": ["unique"]}]},
            {
                "name": "events",
                "config": {**SCHEDULED, **EVENTS, "begin": "2025-02-27", "batch_size": "day", "lookback": 0},
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
DOCKER = {"where": "docker", "network": "host"}
PLAIN = "the plain command runs, because there is no slice to run"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerEngine]:
    started = ContainerEngine(tmp_path_factory.getbasetemp())
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def with_engine(engine: ContainerEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where an engine is, Airflow's workers know by Docker's own variable; a test leaves no container behind."""
    monkeypatch.setenv("DOCKER_HOST", engine.url)
    yield
    assert engine.containers() == []


def a_team(root: Path) -> DbtTeam:
    """A team whose tasks run in containers, dbt in an image of the documented Dockerfile."""
    team = DbtTeam(root, PROJECT, **{"on-run-end": "create table done as select {{ results | length }} as n"})
    file = root / "platform.yaml"
    platform = yaml.safe_load(file.read_text())
    platform["dbt"] |= {**DOCKER, "command": "dbt", "target": "prod"}
    platform["kinds"] = {
        "universal": {**DOCKER, "pool": "default_pool", "environment": {"pass": ["WAREHOUSE"]}}
    }
    file.write_text(yaml.safe_dump(platform))
    (team.folder / "requirements.txt").write_text("dbt-core\ndbt-duckdb\ndbt-scheduler\n")
    for path in (INTEGRATION / "image").iterdir():
        shutil.copy(path, team.folder)
    return team


def test_a_teams_tasks_run_in_containers_and_parse_nothing(
    platform: Platform,
    engine: ContainerEngine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE", str(tmp_path / "shop.duckdb"))
    team = a_team(tmp_path)
    engine.build(team.folder, team.folder / "Dockerfile", "localhost/shop:1", TARGET="prod")
    platform.deploy(team.compile())
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.states("shop_daily") == {
        "rates": "success",
        "one": "success",
        "events": "success",
        "on_run_end.project-hooks": "success",
    }
    log = capsys.readouterr().out
    assert PLAIN not in log
    assert "Found 1 model, " in log  # of three: dbt has not even read the others
    assert team.sql("select id from main.one") == [1]
    assert team.sql("select id from main.events") == [1]
    assert team.sql("select n from done") == [3]
    done = platform.xcom("shop_daily", "one", "dbt_outcome")
    assert (done["node"]["unique_id"], done["node"]["status"], done["tests"]["pass"]) == (
        "model.shop.one",
        "success",
        1,
    )
