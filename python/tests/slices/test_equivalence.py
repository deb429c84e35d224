"""A slice against dbt's plain command, for a node of every kind: what dbt says, writes and leaves in the database."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from dbt_team import DbtTeam
from every_kind import FILES, PROJECT
from goldens import COMMANDS, run

ENV = {
    "DO_NOT_TRACK": "1",
    "DBT_SCHEDULER_DATA_INTERVAL_START": "2025-03-01T00:00:00+00:00",
    "DBT_SCHEDULER_DATA_INTERVAL_END": "2025-03-02T00:00:00+00:00",
    "DBT_EVENT_TIME_START": "2025-03-01T00:00:00",
    "DBT_EVENT_TIME_END": "2025-03-03T00:00:00",
}
CHANGING = ("a_snapshot", "an_incremental", "an_append", "batched")
"""What does something else in its second run than in its first."""

_OF_THE_RUN = re.compile(
    r"\d\d:\d\d:\d\d|\b\d+\.\d+(s| seconds)|in \d+ \w+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+ of \d+"
)
_BETWEEN = "insert into main.a_seed values (3, 'c'); update main.a_seed set name = 'new' where id = 1"


class Outcome(NamedTuple):
    """What commands of dbt did: the result of each node, the files that were written, and the database."""

    code: int
    results: dict[str, dict[str, Any]]
    files: dict[str, str]


class Copy:
    """The project in a folder and a database of its own."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self.team = DbtTeam(root, FILES, **PROJECT)
        self.sql("create table raw_of_lake as select 1 as id; create view nobodys as select 1 as id")

    def sql(self, query: str) -> None:
        with duckdb.connect(str(self.team.folder.with_suffix(".duckdb"))) as connection:
            connection.execute(query)

    def run(self, *command: str, **more: str) -> tuple[Outcome, str]:
        """What a command did, and what it printed."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")} | ENV | more
        target = self.team.folder / "target"
        shutil.rmtree(target / "run", ignore_errors=True)
        shutil.rmtree(target / "compiled", ignore_errors=True)
        (target / "run_results.json").unlink(missing_ok=True)
        done = subprocess.run(
            command, cwd=self.team.folder, env=env, capture_output=True, text=True, check=False
        )
        log = done.stdout + done.stderr
        assert (target / "run_results.json").exists(), log
        results = json.loads(self._moved((target / "run_results.json").read_text()))["results"]
        written = (path for path in target.glob("*/*/**/*") if path.is_file())
        files = {str(path.relative_to(target)): self._moved(path.read_text()) for path in written}
        outcome = Outcome(done.returncode, {each["unique_id"]: _lasting(each) for each in results}, files)
        return outcome, _OF_THE_RUN.sub("", log)

    def _moved(self, text: str) -> str:
        """A text without the place where this copy is, and without the moment in names of temporary tables."""
        return re.sub(r"__dbt_tmp_?\d+", "", text.replace(str(self.team.folder.parent), ""))

    def content(self) -> dict[str, list[Any]]:
        """All that is in the database."""
        with duckdb.connect(str(self.team.folder.with_suffix(".duckdb"))) as connection:
            query = "select table_schema || '.' || table_name, table_type from information_schema.tables"
            tables = connection.execute(query).fetchall()
            return {name: [kind, *_rows(connection, name)] for name, kind in tables}


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[Any]:
    """What is in a table, but not when it came there."""
    rows = connection.table(table)
    lasting = [name for name in rows.columns if not name.startswith("dbt_")]
    return rows.project(", ".join(lasting)).order(", ".join(lasting)).fetchall()


def _lasting(result: dict[str, Any]) -> dict[str, Any]:
    """Of a result all but when it was and how long it took."""
    kept = {
        name: value for name, value in result.items() if name not in ("timing", "execution_time", "thread_id")
    }
    return json.loads(_OF_THE_RUN.sub("", json.dumps(kept)))


class Copies(NamedTuple):
    """Two copies of the project, one of them sliced, and the commands of its tasks in an order in which they can run."""

    plain: Copy
    sliced: Copy
    commands: dict[str, list[str]]

    def run_both(self, names: Iterable[str], **more: str) -> None:
        """One plain command for all tasks, and each task from its slices: every node has to come out the same."""
        calls = [self.commands[name] for name in names]
        selectors = [word for call in calls for word in call if word.startswith("fqn:")]
        expected, log = self.plain.run(str(COMMANDS / "dbt"), *_selecting(calls[0], selectors), **more)
        nodes = {name: each for name, each in expected.results.items() if not name.startswith("operation.")}
        assert len(nodes) == len(selectors), log
        seen: dict[str, Any] = {}
        files: dict[str, str] = {}
        for call in calls:
            outcome, log = self.sliced.run(str(COMMANDS / "dbt-sliced"), "dbt", *call, **more)
            assert "plain command" not in log
            own = {name: each for name, each in outcome.results.items() if not name.startswith("operation.")}
            assert own
            assert seen.keys().isdisjoint(own)
            seen |= own
            files |= outcome.files
        for each in (files, expected.files):  # of hooks: what they write is in the database
            each.pop("compiled/shop/dbt_project.yml/hooks/shop-on-run-end-0.sql")
        assert seen == nodes
        assert files == expected.files
        ours, theirs = self.sliced.content(), self.plain.content()
        assert {row for [row] in ours.pop("main.hook_log")[1:]} == {
            row for [row] in theirs.pop("main.hook_log")[1:]
        }
        assert ours == theirs


def _selecting(call: list[str], selectors: list[str]) -> list[str]:
    """A command that selects something else."""
    at = call.index("--select") + 1
    rest = next(place for place in range(at, len(call)) if call[place].startswith("--"))
    return [*call[:at], *selectors, *call[rest:]]


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    root = tmp_path_factory.mktemp("copies")
    plain, sliced = Copy(root / "plain"), Copy(root / "sliced")
    spec = plain.team.compile()
    said = run("dbt-slicing", "--explain", cwd=sliced.team.folder)
    assert said.endswith("; 0 run dbt's plain command\n")
    tasks = {task.task_id: task for task in spec.tasks if task.group not in ("on_run_start", "on_run_end")}
    edges = {name: tasks.keys() & task.upstream for name, task in tasks.items()}
    order = TopologicalSorter({name: sorted(edges[name]) for name in sorted(edges)}).static_order()
    commands = {
        name: [word for word in tasks[name].arguments["command"][1:] if word != "--no-write-json"]
        for name in order
    }
    return Copies(plain, sliced, commands)


def test_every_node_comes_out_of_its_slice_as_of_the_plain_command(copies: Copies) -> None:
    assert len(copies.commands) > 30
    copies.run_both(name for name in copies.commands if not name.endswith("reads_run"))
    changing = [name for name in copies.commands if name.endswith(CHANGING)]
    assert len(changing) == len(CHANGING)
    for copy in (copies.plain, copies.sliced):
        copy.sql(_BETWEEN)
    copies.run_both(changing)
    copies.run_both(changing, DBT_FULL_REFRESH="true")


def test_a_run_knows_of_itself_and_says_what_the_plain_command_says(copies: Copies) -> None:
    [call] = [call for name, call in copies.commands.items() if name.endswith("reads_run")]
    expected, theirs = copies.plain.run(str(COMMANDS / "dbt"), *call)
    outcome, ours = copies.sliced.run(str(COMMANDS / "dbt-sliced"), "dbt", *call)
    assert "model.shop.reads_run" in outcome.files["run/shop/models/reads_run.sql"]
    assert outcome == expected

    def without_counts(log: str) -> list[str]:
        return [
            line for line in log.splitlines() if "Found " not in line and "Unable to do partial" not in line
        ]

    assert without_counts(ours) == without_counts(theirs)
