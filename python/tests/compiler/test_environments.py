"""Environments: separate platform files for the same teams, on one Airflow."""

from pathlib import Path

import msgspec
import pytest

from build import PLATFORM, World, node, sensors, source
from command import run
from dbt_scheduler.spec import RESUME_DAG

STAGING = PLATFORM + "airflow: {dag_prefix: staging}\npools: {dbt_scheduler: 8}\n"
DAILY = ["daily"]
GLOBAL = "models/global_assets/g.yml"
EXPOSED = 'exposed_assets: [{regex: ".*"}]'


def two_teams(world: World) -> World:
    world.team("shipping", node("fct", pipelines=["daily", "hourly"]), text=EXPOSED)
    world.team(
        "shop", source("shipping.fct", schema="main", file=GLOBAL), node("z", "shipping.fct", pipelines=DAILY)
    )
    return world


def test_every_dag_of_an_environment_begins_with_its_name(tmp_path):
    specs = two_teams(World(tmp_path, STAGING)).specs()
    assert sorted(specs) == ["staging_shipping_daily", "staging_shipping_hourly", "staging_shop_daily"]
    assert {spec.resume_dag for spec in specs.values()} == {f"staging_{RESUME_DAG}"}
    waits = sensors(specs["staging_shop_daily"])
    assert {each.producer.dag_id for each in waits.values()} == {"staging_shipping_daily"}
    writers = {task.pool for spec in specs.values() for task in spec.tasks if task.task_id == "marts.fct"}
    assert writers == {"one_writer.staging_shipping.fct"}


def test_two_environments_have_no_file_in_common(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    two_teams(World(Path()))
    Path("staging.yaml").write_text(STAGING)
    run("compile", "shipping", "shop", "--out", "out")
    production = {path.name for path in Path("out/dags").iterdir()}
    run("compile", "shipping", "shop", "--out", "staging", "--platform", "staging.yaml")
    staging = {path.name for path in Path("staging/dags").iterdir()}
    assert staging == {f"staging_{name}" for name in production}
    assert f"staging_{RESUME_DAG}.py" in staging


@pytest.mark.parametrize("prefix", ["a.b", "a b", "../x", "a\n", "é", ""])
def test_a_prefix_that_is_no_part_of_a_dag_id_is_refused(prefix, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    two_teams(World(Path(), PLATFORM + f"airflow: {{dag_prefix: {prefix!r}}}\n"))
    assert "platform.yaml" in run("check", "shop", code=2).output


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (
            "dag_prefix: shipping",
            [
                'shop/scheduler.yaml:3: SCH310 dag_id "staging_shipping_daily" is used by team shop and by team shipping'
                " | set a different dag_prefix in scheduler.yaml, or ask team shipping to change theirs"
            ],
        ),
    ],
)
def test_a_teams_name_is_its_own_in_every_environment(text, found, tmp_path):
    world = World(tmp_path, STAGING)
    world.team("shop", node("a", pipelines=DAILY), text=text)
    world.team("shipping", node("fct", pipelines=DAILY))
    assert world.findings("SCH310") == found


def test_the_sweeps_id_is_taken_in_every_environment(tmp_path):
    resume = '  resume: {cron: "10 0 * * *", grain: day, start_date: 2025-01-01}\n'
    world = World(tmp_path, PLATFORM + resume + "airflow: {dag_prefix: staging}\n")
    world.team("shop", node("a", pipelines=["resume"]), text="dag_prefix: dbt_scheduler")
    assert [line.split(" ")[1] for line in world.findings()] == ["SCH322"]


def test_nothing_is_published_to_a_registry_that_is_read_only(tmp_path, monkeypatch):
    """A pull request's DAGs wait for production's: they must not replace them in the registry."""
    monkeypatch.chdir(tmp_path)
    two_teams(World(Path(), PLATFORM + "registry: {url: file:registry}\n"))
    run("compile", "shipping", "--out", "out")
    run("publish", "out")
    before = Path("registry/shipping.json").read_bytes()
    Path("pr.yaml").write_text(
        PLATFORM + "registry: {url: file:registry, read_only: true}\nairflow: {dag_prefix: pr_7}\n"
    )
    pull_request = ("--platform", "pr.yaml")
    run("compile", "shop", "--out", "pr", *pull_request)
    waits = Path("pr/dags/pr_7_shop_daily.json").read_text()
    assert '"dag_id": "shipping_daily"' in waits
    run("compile", "shipping", "--out", "pr", *pull_request)
    refused = run("publish", "pr", *pull_request, code=2)
    assert refused.stderr == (
        "the registry is read-only (registry.read_only in pr.yaml)\n"
        "  hint: publish from the environment that the registry belongs to, or remove registry.read_only\n"
    )
    assert Path("registry/shipping.json").read_bytes() == before


def test_specs_know_where_the_pages_are_only_where_there_are_some(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("orders", pipelines=["daily"]))
    assert b"site_url" not in msgspec.json.encode(world.spec("shop_daily"))
    (tmp_path / "platform.yaml").write_text(
        PLATFORM + "registry: {site_url: 'https://registry.example.com'}\n"
    )
    assert world.spec("shop_daily").site_url == "https://registry.example.com"
