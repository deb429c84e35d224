"""A team without scheduled nodes, and the reason: no pipelines, or a misspelled key in ``meta``."""

from build import World, function, node, seed

NOTHING = (
    "shop/dbt_project.yml: SCH116 nothing is scheduled: no pipeline runs any of the {} of this project, so the team has no DAG"
    " | add pipelines, for example to whole folders with +meta: {{scheduler_defaults: {{pipelines: [...]}}}} in dbt_project.yml"
)


def test_a_project_of_which_nothing_is_scheduled_is_not_silent(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a"), seed("b"), node("pk", package="other"))
    assert world.findings() == [NOTHING.format("2 nodes")]


def test_no_finding_for_an_empty_project_or_disabled_dbt(tmp_path):
    world = World(tmp_path)
    world.team("nothing")
    world.team("quiet", node("a"), text="dbt_settings: {enabled: false}\n", project="quiet")
    assert world.findings() == []


def test_a_pipeline_that_is_misspelled_is_reported_alone(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=["dayly"]))
    assert len(world.findings()) == len(world.findings("SCH102")) == 1


def test_a_misspelled_meta_key_of_a_folder_is_reported_once_at_its_line(tmp_path):
    world = World(tmp_path)
    meta = {"schedulr_defaults": {"pipelines": ["daily"]}}
    world.team("shop", node("a", meta=meta), node("b", meta=meta), seed("c", meta=meta))
    (tmp_path / "shop" / "dbt_project.yml").write_text(
        "name: shop\nmodels:\n  +meta: {schedulr_defaults: {}}\n"
    )
    assert world.findings() == [
        'shop/dbt_project.yml:3: SCH114 "a" and 2 others have the key "schedulr_defaults" under meta, which dbt-scheduler ignores'
        ' | did you mean "scheduler_defaults"?',
    ]


def test_an_ignored_meta_key_does_not_explain_an_unscheduled_team(tmp_path):
    world = World(tmp_path)
    ignore = "ignore: [{code: SCH114, on: schedule, because: of the catalogue}]\n"
    world.team("shop", node("a", meta={"schedule": "at noon"}), text=ignore)
    assert world.findings() == [NOTHING.format("1 node")]


def test_a_misspelled_meta_key_of_one_node_is_reported_beside_others_that_are_right(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop", node("a", pipelines=["daily"]), node("b", meta={"shceduler": {}, "owner": "c", "contains": 1})
    )
    assert world.findings() == [
        'shop/models/marts/b.sql: SCH114 "b" has the key "shceduler" under meta, which dbt-scheduler ignores | did '
        'you mean "scheduler"?'
    ]


def test_a_misspelled_meta_key_of_a_node_with_defaults_from_its_folder_is_found_at_the_node(tmp_path):
    world = World(tmp_path)
    defaults = {"scheduler_defaults": {"pipelines": ["daily"]}}
    world.team("shop", node("a", meta=defaults), node("b", meta={**defaults, "scheduler_default": {}}))
    (tmp_path / "shop" / "dbt_project.yml").write_text(
        "name: shop\nmodels:\n  +meta: {scheduler_defaults: {pipelines: [daily]}}\n"
    )
    assert world.findings() == [
        'shop/models/marts/b.sql: SCH114 "b" has the key "scheduler_default" under meta, which dbt-scheduler ignores'
        ' | did you mean "scheduler_defaults"?'
    ]


def test_a_misspelled_meta_key_of_a_function_is_found(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=["daily"]), function("f", meta={"shceduler": {}}))
    assert world.findings() == [
        'shop/functions/f.sql: SCH114 "f" has the key "shceduler" under meta, which dbt-scheduler ignores | did '
        'you mean "scheduler"?'
    ]


def test_a_misspelled_meta_key_is_found_in_a_manifest_that_is_no_strict_json(tmp_path):
    world = World(tmp_path)
    meta = {"shceduler": {}, "threshold": float("inf")}
    world.team("shop", node("a", pipelines=["daily"]), node("b", meta=meta))
    assert world.findings() == [
        'shop/models/marts/b.sql: SCH114 "b" has the key "shceduler" under meta, which dbt-scheduler ignores | did '
        'you mean "scheduler"?'
    ]


def test_a_key_beside_meta_instead_of_under_it_is_found_where_it_stands(tmp_path):
    world = World(tmp_path)
    mistaken, folder = node("a"), [node("b", pipelines=["daily"]), node("c", pipelines=["daily"])]
    mistaken[1]["config"]["scheduler"] = {"pipelines": ["daily"]}
    for _, entry in folder:
        entry["config"]["scheduler_defaults"] = {"pipelines": ["hourly"]}
    world.team("shop", mistaken, *folder)
    (tmp_path / "shop" / "dbt_project.yml").write_text(
        "name: shop\nmodels:\n  +meta: {scheduler_defaults: {}}\n  +scheduler_defaults: {pipelines: [hourly]}\n"
    )
    assert world.findings() == [
        'shop/dbt_project.yml:4: SCH114 "b" and 1 other have the key "scheduler_defaults" under config, which'
        " dbt-scheduler ignores | move it under meta: {meta: {scheduler_defaults: ...}}",
        'shop/models/marts/a.sql: SCH114 "a" has the key "scheduler" under config, which dbt-scheduler ignores'
        " | move it under meta: {meta: {scheduler: ...}}",
    ]
