"""The teams that a failed task holds up, from the registry alone."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from build import World, node, source
from builders import a_spec, a_task
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.schedule import run_interval
from dbt_scheduler.spec import DagSpec
from dbt_scheduler.waits.held_up import HeldUp, held_up_by

DAILY = ["daily"]
EXPOSED = "exposed_assets: [{regex: '.*', slo: {daily: {hours: 6}}}]\n"
SIX = datetime(2025, 6, 6, 6, 10, tzinfo=UTC)


def reads(asset: str, **words: Any) -> tuple[object, object]:
    """A model that reads another team's asset, named ``of_`` and the asset."""
    name = asset.rpartition(".")[2]
    table = source(asset, file="models/global_assets/g.yml")
    return table, node(f"of_{name}", asset, pipelines=DAILY, **words)


@pytest.fixture
def world(tmp_path) -> World:
    """``shop`` builds raw, then dim; ``audit`` reads dim, and ``board`` reads the asset of ``audit``."""
    world = World(tmp_path)
    world.team(
        "shop",
        node("raw", pipelines=DAILY),
        node("dim", "raw", pipelines=DAILY),
        node("apart", pipelines=DAILY),
        text=EXPOSED,
    )
    world.team("audit", *reads("shop.dim"), text=EXPOSED)
    world.team("board", *reads("audit.of_dim"), text=EXPOSED)
    return world


def entries(world: World) -> dict[str, Entry]:
    return {team.project.team: team.entry for team in world.open().teams}


def held_up(world: World, task: str, spec: DagSpec | None = None) -> HeldUp:
    found = spec or world.spec("shop_daily")
    run = run_interval(found.schedule, datetime(2025, 6, 5, 0, 10, tzinfo=UTC))
    return held_up_by(entries(world), found, task, run)


def test_teams_that_wait_for_a_task_or_its_downstream_tasks(world):
    for task in ("marts.raw", "marts.dim"):
        assert held_up(world, task) == HeldUp(("audit", "board"), SIX)
    assert held_up(world, "marts.apart") == HeldUp()


def test_the_teams_that_wait_themselves_come_first(world):
    world.team("zoo", *reads("shop.dim"), text=EXPOSED)
    assert held_up(world, "marts.dim").teams == ("audit", "zoo", "board")


def test_a_no_wait_reader_is_affected_too_but_has_no_timeout(world):
    world.team("audit", *reads("shop.dim", dependencies={"shop.dim": "no_wait"}), text=EXPOSED)
    assert held_up(world, "marts.dim") == HeldUp(("audit", "board"), None)


def test_without_an_slo_the_waits_end_with_their_timeout(world):
    world.team("shop", node("dim", pipelines=DAILY), text="exposed_assets: [{regex: '.*'}]\n")
    assert held_up(world, "marts.dim") == HeldUp(("audit", "board"), datetime(2025, 6, 6, 12, 10, tzinfo=UTC))


def test_it_is_not_said_until_when_where_an_entry_does_not_say_how_long_sensors_wait(world):
    world.team("shop", node("dim", pipelines=DAILY), text="exposed_assets: [{regex: '.*'}]\n")
    found = entries(world)
    found["audit"] = msgspec.structs.replace(found["audit"], wait_timeout_seconds=msgspec.UNSET)
    spec = world.spec("shop_daily")
    run = run_interval(spec.schedule, datetime(2025, 6, 5, 0, 10, tzinfo=UTC))
    assert held_up_by(found, spec, "marts.dim", run) == HeldUp(("audit", "board"), None)


def test_a_sensor_holds_up_what_is_below_it(world):
    assert held_up(world, "wait_for__hard_dependencies.dim", world.spec("audit_daily")).teams == ("board",)


def test_no_waits_for_dags_of_an_environment_that_reads_anothers_registry(world):
    spec = msgspec.structs.replace(world.spec("shop_daily"), dag_id="pr_7_shop_daily")
    assert held_up(world, "marts.dim", spec) == HeldUp()


def test_an_unregistered_team_holds_up_no_other_team(world):
    assert held_up(world, "marts.a", a_spec(a_task("marts.a", assets=("playground.a",)))) == HeldUp()
