"""Limits of Cloud Run: SCH226 for a team, SCH426 for a platform."""

from pathlib import Path

import pytest

from build import PLATFORM, World, node
from dbt_scheduler.config.platform import load_platform
from dbt_scheduler.kinds.places import places

CLOUD_RUN = "kinds: {universal: {where: cloud-run, region: europe-west1%s}}\n"
TASK = "tasks:\n  - {kind: universal, name: fetch, image: i, pipelines: [daily], command: x, %s}\n"
CPUS = "cpus must be 1, 2, 4, 6 or 8, or between 0.08 and 1, for Cloud Run, not {}"


@pytest.mark.parametrize(
    ("cpus", "memory", "problem"),
    [
        (None, None, None),
        (1, "4g", None),
        (2, "8g", None),
        (4, "2g", None),
        (6, "24g", None),
        (8, "32g", None),
        (0.08, "512m", None),
        (0.5, "1g", None),
        (3, None, CPUS.format(3)),
        (1.5, None, CPUS.format(1.5)),
        (16, "32g", CPUS.format(16)),
        (0.05, None, CPUS.format(0.05)),
        (None, "8g", "with 1 CPUs, Cloud Run supports 512m to 4g of memory, not 8g"),
        (1, "256m", "with 1 CPUs, Cloud Run supports 512m to 4g of memory, not 256m"),
        (2, "16g", "with 2 CPUs, Cloud Run supports 512m to 8g of memory, not 16g"),
        (
            4,
            None,
            "with 4 CPUs, Cloud Run supports 2g to 16g of memory, not 512m, the default",
        ),
        (8, "3g", "with 8 CPUs, Cloud Run supports 4g to 32g of memory, not 3g"),
        (0.4, "1g", "with 0.4 CPUs, Cloud Run supports 512m of memory, not 1g"),
        (0.9, "2g", "with 0.9 CPUs, Cloud Run supports 512m to 1g of memory, not 2g"),
    ],
)
def test_the_machines_of_cloud_run(cpus: float | None, memory: str | None, problem: str | None) -> None:
    refusal = places()["cloud-run"].refusal
    assert refusal is not None
    assert refusal({"cpus": cpus, "memory": memory}) == problem


def said(root: Path, platform: str, text: str) -> list[str]:
    world = World(root, PLATFORM + platform)
    world.team("shop", text=text)
    return world.findings()


def test_a_task_that_asks_for_a_machine_that_there_is_not(tmp_path: Path) -> None:
    where = ' ("where: cloud-run") | correct it in scheduler.yaml'
    assert said(tmp_path, CLOUD_RUN % "", TASK % "cpus: 3") == [
        f'shop/scheduler.yaml:4: SCH226 "fetch": {CPUS.format(3)}{where}'
    ]
    assert said(tmp_path, CLOUD_RUN % ", memory: 1g", TASK % "cpus: 4") == [
        f'shop/scheduler.yaml:4: SCH226 "fetch": with 4 CPUs, Cloud Run supports 2g to 16g of memory, not 1g{where}'
    ]
    assert said(tmp_path, CLOUD_RUN % ", memory: 2g", TASK % "cpus: 4") == []
    assert said(tmp_path, "kinds: {universal: {where: docker}}\n", TASK % "cpus: 3") == []


def test_a_dbt_node_and_a_teams_dbt_that_ask_for_a_machine_that_there_is_not(tmp_path: Path) -> None:
    dbt = "dbt: {where: cloud-run, region: europe-west1, results_bucket: results, image: i, memory: 1g}\n"
    world = World(tmp_path, PLATFORM + dbt)
    world.team(
        "shop",
        node("orders", pipelines=["daily"], memory="8g"),
        node("returns", pipelines=["daily"], memory="9g"),
        node("idle", memory="9g"),
        text="dbt_settings: {cpus: 2}\n",
    )
    (found,) = world.findings()
    assert (
        'SCH226 "returns": with 2 CPUs, Cloud Run supports 512m to 8g of memory, not 9g ("where: cloud-run")'
        in found
    )
    world.team("shop", node("orders", pipelines=["daily"]), text="dbt_settings: {cpus: 5}\n")
    (found,) = world.findings()
    assert (
        found
        == f'shop/scheduler.yaml:3: SCH226 the dbt tasks: {CPUS.format(5)} ("where: cloud-run") | correct it in scheduler.yaml'
    )


def test_a_task_that_may_take_longer_than_any_job(tmp_path: Path) -> None:
    assert said(tmp_path, CLOUD_RUN % "", TASK % "timeout: {hours: 168}") == []
    assert said(tmp_path, CLOUD_RUN % "", TASK % "timeout: {hours: 169}") == [
        'shop/scheduler.yaml:4: SCH226 "fetch": a job can run for at most 7d, but its timeout is 7d 1h '
        '("where: cloud-run") | correct it in scheduler.yaml'
    ]
    assert said(tmp_path, "kinds: {universal: {where: docker}}\n", TASK % "timeout: {hours: 169}") == []
    defaults = "defaults: {timeout: {days: 8}}\n"
    (found,) = said(tmp_path, CLOUD_RUN % "" + defaults, TASK % "retries: 1")
    assert found.endswith(
        "but its timeout is 8d "
        '("where: cloud-run") | set a shorter timeout on the task, or correct defaults in platform.yaml'
    )


@pytest.mark.parametrize(
    ("keys", "line", "problem"),
    [
        ("where: cloud-run\n    cpus: 3", 3, CPUS.format(3)),
        (
            "where: cloud-run\n    memory: 8g",
            3,
            "with 1 CPUs, Cloud Run supports 512m to 4g of memory, not 8g",
        ),
    ],
)
def test_a_platform_that_asks_for_a_machine_that_there_is_not(
    tmp_path: Path, keys: str, line: int, problem: str
) -> None:
    file = tmp_path / "platform.yaml"
    file.write_text(f"{PLATFORM}kinds:\n  universal:\n    {keys}\n")
    config, (found,) = load_platform(file)
    assert config is None
    assert (found.code, found.line, found.message, found.hint) == (
        "SCH426",
        len(PLATFORM.splitlines()) + 1 + line,
        f"kinds.universal: {problem}",
        "correct kinds.universal in platform.yaml",
    )


def test_a_platform_whose_machines_there_are(tmp_path: Path) -> None:
    world = World(tmp_path, PLATFORM + CLOUD_RUN % ", cpus: 2, memory: 8g")
    world.team("shop", node("orders", pipelines=["daily"]))
    assert world.findings() == []
