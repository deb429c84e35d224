"""A slice compared with the plain dbt command, for nodes of every kind: dbt's output, files and database."""

from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from compared_databases import DuckDb, Postgres
from compared_runs import Outcome, Side, selecting_all, without_times
from postgres_server import postgres_server

from dbt_team import DbtTeam
from every_kind import CHANGING, every_kind
from goldens import COMMANDS

ENV = {
    "DBT_SCHEDULER_DATA_INTERVAL_START": "2025-03-01T00:00:00+00:00",
    "DBT_SCHEDULER_DATA_INTERVAL_END": "2025-03-02T00:00:00+00:00",
    "DBT_EVENT_TIME_START": "2025-03-01T00:00:00",
    "DBT_EVENT_TIME_END": "2025-03-03T00:00:00",
}

_THERE = (
    "create schema if not exists main",
    "create table main.raw_of_lake as select 1 as id",
    "create view main.nobodys as select 1 as id",
)
_BETWEEN = (
    "insert into main.a_seed values (3, 'c')",
    "update main.a_seed set name = 'new' where id = 1",
)


class Copies(NamedTuple):
    """Two ways to run the project, one of them from slices, and the commands of its tasks in topological order."""

    plain: Side
    sliced: Side
    commands: dict[str, list[str]]

    def run_both(self, names: Iterable[str], **more: str) -> None:
        """Run one plain command for all tasks, and each task from its slice: all results must be the same."""
        calls = [self.commands[name] for name in names]
        call_of_all = selecting_all(calls)
        plain = self.plain.run([COMMANDS / "dbt", *call_of_all], **ENV, **more)
        nodes = _without_hooks(plain)
        assert len(nodes) == sum(word.startswith("fqn:") for word in call_of_all), plain.log
        seen: dict[str, Any] = {}
        files: dict[str, str] = {}
        for call in calls:
            outcome = self.sliced.run([COMMANDS / "dbt-sliced", "dbt", *call], **ENV, **more)
            assert outcome.no_slice is None
            own = _without_hooks(outcome)
            assert own, outcome.log
            assert seen.keys().isdisjoint(own)
            seen |= own
            files |= outcome.files
        for each in (files, plain.files):  # hooks write to the database
            each.pop("compiled/shop/dbt_project.yml/hooks/shop-on-run-end-0.sql")
        assert seen == nodes
        assert files == plain.files
        ours, theirs = self.sliced.database.content(), self.plain.database.content()
        assert {*ours.pop("main.hook_log")} == {*theirs.pop("main.hook_log")}
        assert ours == theirs

    def execute(self, *queries: str) -> None:
        """Execute queries in both databases."""
        for side in (self.plain, self.sliced):
            for query in queries:
                side.database.execute(query)


def _without_hooks(outcome: Outcome) -> dict[str, Any]:
    return {name: each for name, each in outcome.results.items() if not name.startswith("operation.")}


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def copies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    root = tmp_path_factory.mktemp("copies")
    if request.param == "duckdb":
        yield _copies(root, {"type": "duckdb", "path": str(root / "shop.duckdb")})
        return
    with postgres_server() as server:
        copies = _copies(root, {"type": "postgres", **server})
        copies.plain.database.execute("create role reader")
        yield copies


def _copies(root: Path, connection: dict[str, Any]) -> Copies:
    files, project = every_kind(connection["type"])
    profiles = {"shop": {"target": "dev", "outputs": {"dev": {**connection, "schema": "main", "threads": 1}}}}
    team = DbtTeam(root, {**files, "profiles.yml": profiles}, **project)
    sides = []
    for name in ("plain", "slice"):
        (root / name).mkdir()
        if connection["type"] == "duckdb":
            side = Side(team.folder, DuckDb(connection, team.folder, root / name), root / name)
        else:
            target = {**connection, "database": connection["dbname"]}
            side = Side(team.folder, Postgres(target, name), root / name)
        side.write_profile(profiles, "shop", "dev")
        sides.append(side)
    code, said = sides[1].call([COMMANDS / "dbt-slicing", "--explain"], **ENV)
    assert code == 0, said
    assert said.endswith("; 0 run dbt's plain command\n")
    copies = Copies(sides[0], sides[1], _commands(team))
    copies.execute(*_THERE)
    return copies


def _commands(team: DbtTeam) -> dict[str, list[str]]:
    """The dbt commands of the compiled DAG's tasks, without the options for results, which this test reads."""
    spec = team.compile()
    tasks = {task.task_id: task for task in spec.tasks if task.group not in ("on_run_start", "on_run_end")}
    edges = {name: tasks.keys() & task.upstream for name, task in tasks.items()}
    order = TopologicalSorter({name: sorted(edges[name]) for name in sorted(edges)}).static_order()
    return {
        name: [word for word in tasks[name].arguments["command"][1:] if word != "--no-write-json"]
        for name in order
    }


def test_every_node_comes_out_of_its_slice_as_of_the_plain_command(copies: Copies) -> None:
    assert len(copies.commands) > 30
    copies.run_both(name for name in copies.commands if not name.endswith("reads_run"))
    changing = [name for name in copies.commands if name.endswith(CHANGING)]
    assert len(changing) == len(CHANGING)
    copies.execute(*_BETWEEN)
    copies.run_both(changing)
    copies.run_both(changing, DBT_FULL_REFRESH="true")


def test_a_run_has_the_same_output_as_the_plain_command(copies: Copies) -> None:
    [call] = [call for name, call in copies.commands.items() if name.endswith("reads_run")]
    plain = copies.plain.run([COMMANDS / "dbt", *call], **ENV)
    sliced = copies.sliced.run([COMMANDS / "dbt-sliced", "dbt", *call], **ENV)
    assert "model.shop.reads_run" in sliced.files["run/shop/models/reads_run.sql"]
    assert sliced[:3] == plain[:3]

    def without_counts(log: str) -> list[str]:
        return [
            line
            for line in without_times(log).splitlines()
            if "Found " not in line and "Unable to do partial" not in line
        ]

    assert without_counts(sliced.log) == without_counts(plain.log)
