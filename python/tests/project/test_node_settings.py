"""``meta.scheduler`` overrides ``meta.scheduler_defaults``, and the findings about them."""

from build import World, node, seed
from dbt_scheduler.project.node_settings import NodeSettings, read_settings


def read(scheduler=None, defaults=None):
    settings, problems = read_settings({"scheduler": scheduler, "scheduler_defaults": defaults})
    return settings, [(".".join(map(str, problem.path)), problem.violation.problem) for problem in problems]


def test_no_settings():
    assert read() == (NodeSettings(), [])


def test_every_key():
    settings, problems = read(
        {
            "pipelines": ["hourly", "daily"],
            "group": "dimensions",
            "owners": ["@some.owner.team"],
            "retries": 2,
            "timeout": {"hours": 1, "minutes": 30},
            "dependencies": {"fct_shipments": "soft"},
        }
    )
    assert problems == []
    assert settings.pipelines == ("hourly", "daily")
    assert settings.timeout_seconds == 5400
    assert settings.dependencies == {"fct_shipments": "soft"}


def test_own_keys_lie_over_the_folders_key_by_key():
    settings, problems = read({"retries": 0}, {"pipelines": ["daily"], "retries": 5, "group": "a"})
    assert problems == []
    assert settings == NodeSettings(pipelines=("daily",), retries=0, group="a")


def test_what_is_wrong_is_left_out_and_the_rest_counts():
    settings, problems = read({"pipelines": ["daily"], "retries": "two", "ownrs": ["@a"]})
    assert settings == NodeSettings(pipelines=("daily",))
    assert sorted(path for path, _ in problems) == ["scheduler.ownrs", "scheduler.retries"]


def test_a_wrong_own_key_does_not_hide_the_default():
    settings, _ = read({"retries": "two"}, {"retries": 5})
    assert settings.retries == 5


def test_what_is_no_mapping():
    settings, problems = read(["daily"], {"pipelines": ["daily"]})
    assert settings == NodeSettings(pipelines=("daily",))
    assert [path for path, _ in problems] == ["scheduler"]


def test_findings_of_a_node_stand_at_its_yml(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("orders", patch_path="shop://models/s.yml", pipelines=["dayly"], retries="2", pipelnes=[]),
    )
    world.file(
        "shop/models/s.yml",
        "models:\n  - name: orders\n    config:\n      meta:\n        scheduler:\n"
        '          pipelines: [dayly]\n          retries: "2"\n          pipelnes: []\n',
    )
    assert world.findings() == [
        'shop/models/s.yml:6: SCH102 "orders" is assigned to the unknown pipeline "dayly" | did you mean "daily"?',
        'shop/models/s.yml:7: SCH101 meta.scheduler of "orders": "retries" must be an integer, not "2" | for example 2',
        'shop/models/s.yml:8: SCH101 meta.scheduler of "orders": unknown key "pipelnes" | did you mean "pipelines"?',
    ]


def test_wrong_defaults_of_a_folder_are_one_finding_each_in_dbt_project_yml(tmp_path):
    world = World(tmp_path)
    defaults = {"scheduler_defaults": {"pipelines": ["dayly", "hourly"], "timeout": {"hour": 1}}}
    world.team(
        "shop",
        *(node(name, meta=defaults) for name in ("a", "b", "c")),
        node("d", meta={**defaults, "scheduler": {"pipelines": ["dayly"]}}),
        node("e", "a", pipelines=["daily"]),
        text="exposed_assets: [{regex: a, pipelines: [daily]}]\n",
    )
    world.file(
        "shop/dbt_project.yml",
        "name: shop\nmodels:\n  # not dayly\n  +meta:\n    scheduler_defaults:\n      pipelines: [dayly, hourly]\n"
        "      timeout: {hour: 1}\n",
    )
    assert world.findings("SCH101", "SCH102", "SCH105") == [
        'shop/dbt_project.yml:6: SCH102 "a" and 2 others are assigned to the unknown pipeline "dayly" | did you mean "daily"?',
        'shop/dbt_project.yml:7: SCH101 meta.scheduler_defaults of "a" and 3 others: unknown key "hour" in "timeout"'
        ' | did you mean "hours"?',
        'shop/models/marts/d.sql: SCH102 "d" is assigned to the unknown pipeline "dayly" | did you mean "daily"?',
    ]


def test_a_wrong_default_beside_a_node_s_own_list_of_another_type(tmp_path):
    world = World(tmp_path)
    defaults = {"scheduler_defaults": {"pipelines": ["dayly"]}}
    world.team(
        "shop",
        *(
            node(f"n{at}", meta={**defaults, "scheduler": {"pipelines": own}})
            for at, own in enumerate([5, "dayly"])
        ),
    )
    world.file(
        "shop/dbt_project.yml", "name: shop\nmodels: {+meta: {scheduler_defaults: {pipelines: [dayly]}}}\n"
    )
    assert world.findings("SCH102") == [
        'shop/dbt_project.yml:2: SCH102 "n0" and 1 other are assigned to the unknown pipeline "dayly" | did you mean "daily"?'
    ]


def test_wrong_defaults_that_dbt_project_yml_does_not_have_are_at_each_node(tmp_path):
    world = World(tmp_path)
    defaults = {"scheduler_defaults": {"pipelines": ["dayly"]}}
    world.team("shop", node("a", meta=defaults), node("b", meta=defaults))
    assert world.findings() == [
        'shop/models/marts/a.sql: SCH102 "a" is assigned to the unknown pipeline "dayly" | did you mean "daily"?',
        'shop/models/marts/b.sql: SCH102 "b" is assigned to the unknown pipeline "dayly" | did you mean "daily"?',
    ]


def test_an_unknown_pipeline_like_no_other(tmp_path):
    world = World(tmp_path)
    world.team("shop", seed("codes", pipelines=["quarterly", "daily"]))
    assert world.findings() == [
        'shop/seeds/codes.csv: SCH102 "codes" is assigned to the unknown pipeline "quarterly"'
        " | available pipelines: daily, hourly, weekly"
    ]
    assert world.look().project.pipelines == ("daily",)


def test_the_file_of_a_package_is_named(tmp_path):
    world = World(tmp_path)
    folder = world.team("shop", node("orders", package="utils", pipelines=["dayly"]))
    (folder / "dbt_packages" / "utils").mkdir(parents=True)
    assert [line.split(":")[0] for line in world.findings()] == [
        "shop/dbt_packages/utils/models/marts/orders.sql"
    ]


def test_groups(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("grouped", pipelines=["daily"], group="other"),
        node("deep", folder="core/sub", pipelines=["daily"]),
        node("flat", folder="", pipelines=["daily"]),
        node("odd", folder="a folder.x", pipelines=["daily"]),
        node("snap", kind="snapshot", folder="", file="s.yml/snap.sql", pipelines=["daily"]),
        node("snap_below", kind="snapshot", folder="sub", file="s.yml/snap_below.sql", pipelines=["daily"]),
    )
    assert [task.task_id for task in world.spec("shop_daily").tasks] == [
        "a_folder_x.odd",
        "core.deep",
        "flat",
        "other.grouped",
        "snap",
        "sub.snap_below",
    ]


def test_two_point_nothing_is_an_integer_as_json_schema_has_it():
    settings, problems = read({"retries": 2.0, "timeout": {"hours": 1.0}})
    assert problems == []
    assert repr((settings.retries, settings.timeout_seconds)) == "(2, 3600)"


def test_durations_and_retries_have_a_maximum():
    _, problems = read({"retries": 101, "timeout": {"days": 1_000_000_000}})
    assert problems == [
        ("scheduler.retries", '"retries" must be at most 100, not 101'),
        ("scheduler.timeout.days", '"timeout.days" must be at most 10000, not 1000000000'),
    ]


def test_a_meta_nested_without_end_is_a_finding():
    deep: dict[str, object] = {}
    for _ in range(500):
        deep = {"a": deep}
    assert read(deep) == (NodeSettings(), [("scheduler", "it has more than 60 levels of nesting")])


def test_defaults_at_the_root_of_a_project_do_not_reach_the_nodes_of_packages(tmp_path):
    world = World(tmp_path)
    defaults = {"scheduler_defaults": {"pipelines": ["daily"], "retires": 3}}
    theirs = node("orders", package="utils", folder="u", meta=defaults)
    with_own = node("codes", package="utils", meta={**defaults, "scheduler": {"pipelines": ["weekly"]}})
    world.team(
        "shop", node("orders", meta={"scheduler_defaults": {"pipelines": ["daily"]}}), theirs, with_own
    )
    assert world.findings() == []
    tasks = world.look().project.tasks
    assert {id_: work.pipelines for id_, work in tasks.items()} == {
        "model.shop.orders": ("daily",),
        "model.utils.codes": ("weekly",),
        "model.utils.orders": (),
    }
