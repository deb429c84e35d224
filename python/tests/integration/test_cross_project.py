"""Other projects' models: what dbt-loom and dbt's own cross-project references add to a manifest.

``dbt_loom_manifest.json`` is what ``dbt compile`` of dbt-core 1.11.16 with dbt-loom 0.9.6 and dbt-duckdb wrote
for a project ``downstream`` with one model, one test and the manifest of a project ``upstream``; macros, docs
and empty config are left out.
"""

import json
from pathlib import Path

import pytest

from build import World, data_test, edges, external, node, sensors, source
from dbt_scheduler.project.manifest_file import load_manifest
from dbt_scheduler.project.types import is_external
from dbt_scheduler.registry.entry import Entry

REAL = Path(__file__).with_name("dbt_loom_manifest.json")
DAILY = ["daily"]
EXPOSED = 'alerting: {channel: "#ships"}\nexposed_assets: [{regex: "fct.*|dim.*|odd"}]'


def world_of(tmp_path, *items, text: str = "", project: str = "ships") -> World:
    """Team shop, and team shipping, whose dbt project is called ``ships``."""
    world = World(tmp_path)
    world.team("shop", *items, text=text)
    world.team(
        "shipping",
        node("fct", pipelines=DAILY),
        node("stg", pipelines=DAILY),
        node("dim", version=1, latest_version=2, pipelines=DAILY),
        node("dim", version=2, latest_version=2, pipelines=DAILY),
        text=EXPOSED,
        project=project,
    )
    return world


def reported(world: World) -> list[str]:
    return [line for line in world.findings() if line.startswith("shop/")]


def waits(world: World, work: str = "z") -> list[str]:
    dag = world.look().graph.dags["daily"]
    (found,) = (waits for id_, waits in dag.waits.items() if id_.rpartition(".")[2] == work)
    return [f"{wait.key} {wait.dependency}" for wait in found]


def test_a_model_that_is_read_is_a_global_dependency(tmp_path):
    world = world_of(tmp_path, external("ships.fct"), node("z", "model.ships.fct", pipelines=DAILY))
    assert reported(world) == []
    spec = world.spec("shop_daily")
    assert edges(spec) == {"marts.z": ("wait_for__hard_dependencies.fct",)}
    (sensor,) = sensors(spec).values()
    assert (sensor.team, sensor.asset, sensor.producer.dag_id, sensor.producer.task_id) == (
        "shipping",
        "fct",
        "shipping_daily",
        "marts.fct",
    )
    assert list(world.look().entry.consumed) == ["shipping"]
    assert list(world.look().entry.produced) == ["z"]


@pytest.mark.parametrize(("version", "asset"), [("1", "dim_v1"), ("2", "dim_v2")])
def test_a_version_is_the_asset_of_that_version(tmp_path, version, asset):
    item = external("ships.dim", version=version, latest_version="2")
    world = world_of(tmp_path, item, node("z", item[1]["unique_id"], pipelines=DAILY))
    assert reported(world) == []
    assert waits(world) == [f"shipping.{asset} hard"]


@pytest.mark.parametrize("name", ["fct", "ships.fct", "shipping.fct"])
def test_names_under_dependencies(tmp_path, name):
    reader = node("z", "model.ships.fct", pipelines=DAILY, dependencies={name: "soft"})
    world = world_of(tmp_path, external("ships.fct"), reader)
    assert reported(world) == []
    assert waits(world) == ["shipping.fct soft"]


@pytest.mark.parametrize("name", ["dim", "dim_v2", "ships.dim", "ships.dim_v2", "shipping.dim_v2"])
def test_names_of_the_latest_version_under_dependencies(tmp_path, name):
    item = external("ships.dim", version="2", latest_version="2")
    reader = node("z", item[1]["unique_id"], pipelines=DAILY, dependencies={name: "no_wait"})
    world = world_of(tmp_path, item, reader)
    assert reported(world) == []
    assert waits(world) == ["shipping.dim_v2 no_wait"]


def test_a_team_that_is_called_like_the_package_serves_where_no_project_is(tmp_path):
    world = world_of(tmp_path, external("shipping.fct"), node("z", "model.shipping.fct", pipelines=DAILY))
    assert reported(world) == []
    assert waits(world) == ["shipping.fct hard"]


def test_what_nothing_reads_is_ignored(tmp_path):
    """dbt-loom adds every model of the other project, whether it is read or not, and whatever its meta."""
    world = world_of(
        tmp_path,
        external("ships.fct", "model.ships.gone", pipelines=["nightly"]),
        external("ships.gone", pipelines=DAILY),
        external("elsewhere.gone"),
        node("z", pipelines=DAILY),
        data_test("looks", "model.ships.gone", "model.shop.z"),
    )
    assert reported(world) == []
    assert edges(world.spec("shop_daily")) == {"marts.z": ()}
    assert list(world.look().project.tasks) == ["model.shop.z"]
    assert world.look().project.tables == {}


def test_its_meta_schedules_nothing(tmp_path):
    world = world_of(
        tmp_path,
        external("ships.fct", pipelines=["daily", "nightly"], retries="many"),
        node("z", "model.ships.fct", pipelines=DAILY),
    )
    assert reported(world) == []
    assert list(edges(world.spec("shop_daily"))) == ["marts.z"]


def test_a_test_on_both_sides_runs_with_the_model_of_this_project(tmp_path):
    world = world_of(
        tmp_path,
        external("ships.fct"),
        node("z", "model.ships.fct", pipelines=DAILY),
        data_test("looks", "model.ships.fct", "z"),
    )
    plan = world.look().test_plans["daily"]
    assert {host: [test.name for test in tests] for host, tests in plan.in_task.items()} == {
        "model.shop.z": ["looks"]
    }


def test_its_table_is_not_this_projects_own(tmp_path):
    """A source with its relation is another team's asset: the hidden edge is reported, without a hint at ref()."""
    reader = node("z", "main.fct", pipelines=DAILY)
    world = world_of(tmp_path, external("ships.fct"), source("main.fct"), reader)
    assert [line.split(" ")[1] for line in reported(world)] == ["SCH306"]


TASK = "tasks: [{kind: universal, name: t, command: x, pipelines: [daily], conditions: [%s]}]"


@pytest.mark.parametrize("condition", ["fct", "ships.fct"])
def test_a_condition_may_name_one(tmp_path, condition):
    world = world_of(tmp_path, external("ships.fct"), text=TASK % condition)
    assert reported(world) == []
    assert waits(world, "t") == ["shipping.fct hard"]


def test_a_name_in_conditions_means_this_projects_own_first(tmp_path):
    world = world_of(tmp_path, external("ships.fct"), node("fct", pipelines=DAILY), text=TASK % "fct")
    assert reported(world) == []
    assert world.look().project.tasks["task.t"].parents == ("model.shop.fct",)


def test_an_ambiguous_condition(tmp_path):
    world = world_of(tmp_path, external("ships.fct"), external("trains.fct"), text=TASK % "fct")
    assert reported(world) == [
        'shop/scheduler.yaml:3: SCH206 task "t": "fct" is ambiguous: ships.fct, trains.fct | write it as "ships.fct"'
    ]


HERE = "shop/models/marts/z.sql:2"


@pytest.mark.parametrize(
    ("item", "finding"),
    [
        (
            external("ships.fctt"),
            'SCH301 global asset "ships.fctt": no team exposes an asset named "fctt" | did you mean "fct"?',
        ),
        (
            external("ships.stg"),
            'SCH303 global asset "ships.stg": team shipping builds "stg", but does not expose it'
            " | ask shipping (#ships) to list it under exposed_assets in its scheduler.yaml",
        ),
        (
            external("shop.gone"),
            'SCH304 global asset "shop.gone": "gone" is an asset of this team | read a model of this project with ref() and only its name; this one was read through another project\'s manifest, and this project no longer builds it',
        ),
        (
            external("elsewhere.fct"),
            'SCH315 global asset "elsewhere.fct": team not found in the registry | no team publishes the dbt project "elsewhere"; if it does not run on this platform, ignore this in scheduler.yaml: ignore: [{code: SCH315, on: fct, because: "..."}]',
        ),
    ],
)
def test_findings_stand_at_the_first_ref(tmp_path, item, finding):
    world = world_of(tmp_path, item, node("z", item[1]["unique_id"], pipelines=DAILY))
    model = item[1]["name"]
    world.file("shop/models/marts/z.sql", f"-- {model}\nselect * from {{{{ ref('any', '{model}') }}}}\n")
    assert reported(world) == [f"{HERE}: {finding}"]


def test_sch302_where_two_teams_publish_one_project(tmp_path):
    world = world_of(tmp_path, external("ships.fct"), node("z", "model.ships.fct", pipelines=DAILY))
    world.team("trains", node("fct", pipelines=DAILY), text=EXPOSED, project="ships")
    assert reported(world) == [
        'shop/models/marts/z.sql: SCH302 global asset "ships.fct": "fct" is exposed by several teams: shipping, trains'
        ' | several teams publish the dbt project "ships": declare the table under a source named after its team, in a file under a folder named global_assets'
    ]


def test_a_finding_about_a_condition_has_the_line_of_the_task(tmp_path):
    world = world_of(tmp_path, external("elsewhere.fct"), text=TASK % "fct")
    assert [line.partition(" global")[0] for line in reported(world)] == ["shop/scheduler.yaml:3: SCH315"]


def test_a_project_outside_the_platform_can_be_ignored(tmp_path):
    world = world_of(
        tmp_path,
        external("elsewhere.fct"),
        node("z", "model.elsewhere.fct", pipelines=DAILY, dependencies={"elsewhere.fct": "soft"}),
        text='ignore: [{code: SCH315, on: fct, because: "runs in another Airflow"}]',
    )
    assert reported(world) == []
    assert edges(world.spec("shop_daily")) == {"marts.z": ()}


def test_alone_the_hint_is_about_the_registry(tmp_path):
    world = World(tmp_path)
    world.team("shop", external("ships.fct"), node("z", "model.ships.fct", pipelines=DAILY))
    assert [line.partition(" | ")[2] for line in reported(world)] == [
        "no other teams are known: set --registry, or specify the folders of the other teams too"
    ]


def test_a_registry_of_an_older_release_does_not_say_the_project(tmp_path):
    world = world_of(tmp_path, external("shipping.fct"), node("z", "model.shipping.fct", pipelines=DAILY))
    (entry,) = (team.entry for team in world.open().teams if team.project.team == "shipping")
    world.registry["shipping"] = Entry(
        dag_prefix=entry.dag_prefix,
        contact=entry.contact,
        pipelines=entry.pipelines,
        produced=entry.produced,
        consumed={},
    )
    del world._folders["shipping"]
    assert reported(world) == []
    assert waits(world) == ["shipping.fct hard"]


def test_what_dbt_loom_writes():
    """All nodes of the other project, including seeds, without paths, meta, or lineage to anything but nodes."""
    found = {id_: node for id_, node in load_manifest(REAL).nodes.items() if is_external(node)}
    assert {
        id_: (node.resource_type, node.version, node.latest_version, node.alias)
        for id_, node in found.items()
    } == {
        "model.upstream.dim_customers": ("model", None, None, "dim_customers"),
        "model.upstream.dim_versions.v1": ("model", "1", "2", "dim_versions_v1"),
        "model.upstream.dim_versions.v2": ("model", "2", "2", "dim_versions_v2"),
        "model.upstream.eph": ("model", None, None, "eph"),
        "model.upstream.odd": ("model", None, None, "other_name"),
        "model.upstream.prot": ("model", None, None, "prot"),
        "model.upstream.unread": ("model", None, None, "unread"),
        "seed.upstream.codes": ("model", None, None, "codes"),
    }
    assert {node.package_name for node in found.values()} == {"upstream"}


def test_a_team_with_dbt_loom(tmp_path):
    world = World(tmp_path)
    world.team("reports", **json.loads(REAL.read_text()))
    world.team(
        "up",
        node("dim_customers", pipelines=DAILY),
        node("dim_versions", version=1, latest_version=2, pipelines=DAILY),
        node("dim_versions", version=2, latest_version=2, pipelines=DAILY),
        node("odd", alias="other_name", pipelines=DAILY),
        text=EXPOSED,
        project="upstream",
    )
    (lone,) = world.findings()
    assert lone.startswith("reports/scheduler.yaml: SCH110 no DAG runs 1 dbt test of other teams' tables")
    group = "wait_for__hard_dependencies"
    assert edges(world.spec("reports_daily")) == {
        "marts.mrt": tuple(
            f"{group}.{asset}" for asset in ("dim_customers", "dim_versions_v1", "dim_versions_v2", "odd")
        )
    }
