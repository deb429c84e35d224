"""The columns of other teams' assets that a task reads: through views, ephemeral models, snapshots and macros."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from build import Item, World, ephemeral, node, source
from dbt_scheduler.compiler.specs import compile_team
from dbt_scheduler.registry.encoding import decode_entry, encode_entry
from dbt_scheduler.registry.entry import Consumed

DAILY = ["daily"]
GLOBAL = "models/global_assets/g.yml"
METADATA = {
    "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
    "project_name": "shop",
    "adapter_type": "duckdb",
}
FCT = '"warehouse"."shipping"."fct"'


def sql(item: Item, text: str | None, **more: Any) -> Item:
    """A node with its compiled SQL."""
    part, entry = item
    config = {**entry["config"], **more.pop("config", {})}
    return part, entry | {"compiled_code": text, "config": config} | more


def reads(tmp_path: Path, *items: Item, columns: dict[str, Any] | None = None, **parts: Any) -> object:
    """The columns in the entry of task ``a``; None if omitted."""
    world = World(tmp_path)
    parts = {"metadata": METADATA, **parts}
    world.team("shop", source("shipping.fct", file=GLOBAL), *items, **parts)
    world.team(
        "shipping",
        node("fct", pipelines=["hourly"], columns=columns or {"id": {}, "days": {}}),
        text='exposed_assets: [{regex: ".*"}]',
    )
    workspace = world.open()
    team = next(each for each in workspace.teams if each.project.team == "shop")
    entry = compile_team(team, workspace, "..").entry
    assert decode_entry("shop", encode_entry("shop", entry)) == entry
    (found,) = [each for each in entry.consumed["shipping"]["fct"] if each.task_id == "a"]
    return msgspec.json.decode(msgspec.json.encode(found)).get("columns")


def model(name: str = "a", *parents: str, **words: Any) -> Item:
    return node(name, *(parents or ("shipping.fct",)), pipelines=DAILY, **words)


def test_its_own_sql(tmp_path: Path) -> None:
    assert reads(tmp_path, sql(model(), f"select ID from {FCT}")) == ["id"]
    assert reads(tmp_path, sql(model(), f"select * from {FCT}")) == "*"


@pytest.mark.parametrize("text", [None, "", "select", f"select id from {FCT} where ("])
def test_without_sql_that_can_be_read_it_is_not_known(tmp_path: Path, text: str | None) -> None:
    assert reads(tmp_path, sql(model(), text)) is None


def test_without_an_adapter_or_with_an_unknown_one_columns_are_unknown(tmp_path: Path) -> None:
    for adapter in (None, "excel"):
        known = {**METADATA, "adapter_type": adapter}
        assert reads(tmp_path, sql(model(), f"select id from {FCT}"), metadata=known) is None


def test_a_python_model_is_not_known(tmp_path: Path) -> None:
    assert reads(tmp_path, sql(model(), f"select id from {FCT}", language="python")) is None


def test_an_ephemeral_model_is_in_the_sql_of_its_reader(tmp_path: Path) -> None:
    inlined = f"with __dbt__cte__e as (select * from {FCT}) select days from __dbt__cte__e"
    assert reads(tmp_path, sql(model("a", "e"), inlined), ephemeral("e", "shipping.fct")) == ["days"]


def test_a_view_that_no_pipeline_runs_reads_for_its_readers(tmp_path: Path) -> None:
    view = sql(node("v", "shipping.fct", materialized="view"), f"select id from {FCT}")
    one = sql(model("a", "v"), 'select id from "warehouse"."main"."v"')
    assert reads(tmp_path, one, view) == ["id"]
    both = sql(
        model("a", "v", "shipping.fct"), f'select f.days from {FCT} f join "warehouse"."main"."v" using (id)'
    )
    assert reads(tmp_path, both, view) == ["days", "id"]
    assert reads(tmp_path, both, sql(view, None)) is None


def test_a_snapshot(tmp_path: Path) -> None:
    assert reads(tmp_path, sql(model(kind="snapshot"), f"select * from {FCT}")) == "*"


def test_what_a_second_run_of_an_incremental_model_reads_is_not_compiled(tmp_path: Path) -> None:
    macros = {
        "macro.dbt.is_incremental": {},
        "macro.shop.newer": {"depends_on": {"macros": ["macro.shop.newer", "macro.dbt.is_incremental"]}},
        "macro.shop.other": {"depends_on": {"macros": []}},
    }

    def of(macro: str, materialized: str = "incremental") -> object:
        item = model(materialized=materialized)
        item[1]["depends_on"]["macros"] = [macro]
        return reads(tmp_path, sql(item, f"select id from {FCT}"), macros=macros)

    assert of("macro.dbt.is_incremental") is None
    assert of("macro.shop.newer") is None
    assert of("macro.shop.other") == ["id"]
    assert of("macro.dbt.is_incremental", "table") == ["id"]


def test_a_batch_is_filtered_by_the_event_time(tmp_path: Path) -> None:
    world = sql(model(materialized="incremental", incremental_strategy="microbatch"), f"select id from {FCT}")
    filtered = source("shipping.fct", file=GLOBAL, config={"meta": {}, "event_time": "shipped_at"})
    assert reads(tmp_path, filtered, world) == ["id", "shipped_at"]
    assert reads(tmp_path, filtered, sql(model(), f"select id from {FCT}")) == ["id"]


def test_a_hook_that_reads_is_not_looked_into(tmp_path: Path) -> None:
    def of(hook: str) -> object:
        hooks = {"pre-hook": [{"sql": hook, "transaction": True, "index": None}]}
        return reads(tmp_path, sql(model(), f"select id from {FCT}", config=hooks))

    assert of("delete from {{ this }} where id in (select id from {{ source('shipping', 'fct') }})") is None
    assert of("grant select on {{ this }} to reporter") == ["id"]


def test_a_dependency_that_is_not_in_the_sql_is_not_known(tmp_path: Path) -> None:
    assert reads(tmp_path, sql(model(), "-- depends_on: fct\nselect 1 as id")) is None


def test_more_columns_than_fit_are_not_said(tmp_path: Path) -> None:
    many = {f"c{n}": {} for n in range(10_001)}
    text = f"select s.{', s.'.join(many)} from {FCT} s"
    assert len(text) < 100_000
    assert reads(tmp_path, sql(model(), text), columns=many) is None
    assert reads(tmp_path, sql(model(), f"select {'x' * 301} from {FCT}")) is None


def test_the_teams_own_asset_is_not_looked_into(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.team(
        "shop",
        sql(node("a", pipelines=["hourly"]), "select 1 as id"),
        sql(node("b", "a", pipelines=DAILY), 'select id from "warehouse"."main"."a"'),
        metadata=METADATA,
    )
    workspace = world.open()
    entry = compile_team(workspace.teams[0], workspace, "..").entry
    assert b"columns" not in msgspec.json.encode(entry.consumed)


@pytest.mark.parametrize("text", [None, f"select id from {FCT}"])
def test_the_parser_is_loaded_for_sql_that_reads_another_teams_asset_only(
    tmp_path: Path, text: str | None
) -> None:
    world = World(tmp_path)
    own = sql(node("b", pipelines=DAILY), "select 1 as id")
    world.team("shop", source("shipping.fct", file=GLOBAL), sql(model(), text), own, metadata=METADATA)
    fct = sql(node("fct", pipelines=["hourly"]), "select 1 as id")
    world.team("shipping", fct, text='exposed_assets: [{regex: ".*"}]', metadata=METADATA)
    command = ["-X", "importtime", "-m", "dbt_scheduler", "compile", "shop", "shipping", "--out", "out"]
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ("sqlglot" in done.stderr) is (text is not None)


def test_an_earlier_release_reads_such_an_entry_and_this_one_an_entry_without() -> None:
    fields = [(each.name, each.type) for each in msgspec.structs.fields(Consumed) if each.name != "columns"]
    before = msgspec.defstruct("Before", fields, frozen=True, kw_only=True)
    words = {"pipeline": "daily", "producer_pipeline": "daily", "task_group": None, "task_id": "a"}
    for columns in (("id",), "*"):
        now = Consumed(**words, sensor_task_id=None, dependency="no_wait", columns=columns)
        old = msgspec.json.decode(msgspec.json.encode(now), type=before)
        assert msgspec.structs.asdict(old) == {**words, "sensor_task_id": None, "dependency": "no_wait"}
        read = msgspec.json.decode(msgspec.json.encode(old), type=Consumed)
        assert read == msgspec.structs.replace(now, columns=msgspec.UNSET)


@pytest.mark.parametrize("columns", [["x" * 301], ["x"] * 10_001, "every", [1], None, {}])
def test_columns_that_no_release_writes_make_the_entry_unreadable(columns: object) -> None:
    words = {"pipeline": "daily", "producer_pipeline": "daily", "task_group": None, "task_id": "a"}
    reader = {**words, "sensor_task_id": None, "dependency": "no_wait", "columns": columns}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(reader, Consumed)
