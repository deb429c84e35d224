"""The tool that compares slices with plain commands: the differences that it finds, and those that it ignores."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compare_slices import Comparison
from compared_databases import DuckDb
from compared_report import Record, Task, differences, report
from compared_runs import Outcome

from dbt_scheduler.project.manifest import Node
from dbt_team import DbtTeam
from goldens import COMMANDS

ONE = Node("model.shop.one", "one", "model", "shop", "one.sql", "models/one.sql", ("shop", "one"))


def record(**more: Any) -> Record:
    """The record of a run of one model, with changes."""
    results = {("first", ONE.unique_id): {"status": "success"}}
    files = {("first", "run/shop/models/one.sql"): "select 1"}
    content = {"first": {"main.one": ["relations: ('VIEW',)", "row: [1]"]}}
    return Record(**{"results": results, "files": files, "content": content, "reasons": {}, **more})


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"results": {("first", ONE.unique_id): {"status": "error"}}}, "first: result: model.shop.one"),
        ({"results": {}}, "first: result: model.shop.one"),
        (
            {"files": {("first", "run/shop/models/one.sql"): "select 2"}},
            "first: file: run/shop/models/one.sql",
        ),
        ({"files": {}}, "first: file: run/shop/models/one.sql"),
        ({"content": {"first": {"main.one": ["relations: ('VIEW',)"]}}}, "first: database: main.one"),
        ({"content": {"first": {}}}, "first: database: main.one"),
    ],
)
def test_what_differs_is_shown_whichever_way_has_it(changed: dict[str, Any], line: str) -> None:
    assert differences(record(), record()) == []
    for plain, sliced in ((record(), record(**changed)), (record(**changed), record())):
        [found] = differences(plain, sliced)
        assert line in report([Task(ONE, [])], record(), record(**changed), [])
        assert line not in report([Task(ONE, [])], record(), record(**changed), [found[:3]])


def test_what_has_not_run_either_way_is_not_the_same() -> None:
    nothing = Record({}, {}, {"first": {}}, {})
    nothing.add("first", [Task(ONE, [])], Outcome(1, {}, {}, "dbt cannot start"))
    [found] = differences(nothing, nothing)
    assert found[:3] == ("first", "result", "model.shop.one")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[DuckDb]:
    database = DuckDb({"path": "shop.duckdb"}, tmp_path, tmp_path)
    database.execute("create table one as select 1 as id, 'a' as name")
    yield database
    database.drop()


@pytest.mark.parametrize(
    "change",
    [
        "insert into one values (1, 'a')",
        "update one set name = 'b'",
        "alter table one alter id type bigint",
        "comment on table one is 'what it is'",
        "comment on column one.id is 'what it is'",
        "create index of_id on one (id)",
        "create macro of_one() as 1",
        "create schema other; create view other.one as select 1 as id",
        "alter table one alter id set not null",
        "alter table one rename name to nickname",
    ],
)
def test_whatever_changes_in_a_database_is_seen(database: DuckDb, change: str) -> None:
    before = database.content()
    assert database.content() == before
    database.execute(change)
    assert database.content() != before


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("current_timestamp", "(now)"),
        ("current_timestamp::timestamp", "(now)"),
        ("'at ' || current_timestamp::varchar", "at (now)"),
        ("strftime(current_timestamp, '%Y-%m-%d %H:%M:%S')", "(now)"),
        ("uuid()", "(id)"),
        ("'run ' || uuid()::varchar", "run (id)"),
        ("timestamp '2025-03-01 01:02:03'", "2025-03-01 01:02:03"),
        ("'2025-03-01 01:02:03.5'", "2025-03-01 01:02:03.5"),
        ("'2025-99-01 01:02:03'", "2025-99-01 01:02:03"),
    ],
)
def test_a_moment_of_the_run_and_an_id_are_the_same_in_each_run(
    database: DuckDb, value: str, shown: str
) -> None:
    database.execute(f"create table other as select {value} as it")
    assert database.content()["main.other"][-1] == f"row: ['{shown}']"


def test_a_whole_project_is_compared_and_stays_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "models/one.sql": "select 1 as id",
        "models/one.yml": {
            "models": [{"name": "one", "columns": [{"name": "id", "data_tests": ["unique"]}]}]
        },
        "models/by_chance.sql": "select random() as it, id from {{ ref('one') }}",
        "models/broken.sql": "select nothing",
        "models/of_now.sql": "{{ config(tags=[run_started_at.isoformat()]) }} select 1 as id",
    }
    team = DbtTeam(tmp_path, files)
    before = {path for path in tmp_path.rglob("*") if "shop.duckdb" not in path.name}
    (tmp_path / "work").mkdir()
    comparison = Comparison(team.folder, team.folder, "prod", COMMANDS, tmp_path / "work")
    assert comparison.run() == 0
    printed = capsys.readouterr().out
    assert (
        "| model | 4 | 3 | 1 | 0 | 1 |\n| test | 1 | 1 | 0 | 0 | 0 |\n| all | 5 | 4 | 1 | 0 | 1 |" in printed
    )
    assert "fails both ways: model.shop.broken: " in printed
    assert "also differs between two plain runs: first database main.by_chance" in printed
    assert "plain command: model.shop.of_now: model.shop.of_now has no slice: its config() reads" in printed
    after = {path for path in tmp_path.rglob("*") if "shop.duckdb" not in path.name}
    assert {path for path in after if not path.is_relative_to(tmp_path / "work")} == before
