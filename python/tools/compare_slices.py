"""Runs every node of a dbt project with the plain dbt command and from its slice, and compares the results.

Each way runs in a copy of the target's database; the project and its database are not changed. Supports DuckDB, and
PostgreSQL if the user can create databases. Requires dbt, its adapter and dbt-scheduler in this Python environment.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import msgspec
import yaml
from compared_databases import Database, DuckDb, Postgres
from compared_report import Record, Task, differences, report
from compared_runs import Side, selecting_all

from dbt_scheduler.compiler.dbt_commands import dbt_commands
from dbt_scheduler.project.manifest import Manifest

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
from forked_commands import ForkedCommands

_NOT_OURS = ("target", "logs", ".dbt_scheduler", "profiles.yml", ".git")
_PASSES: dict[str, dict[str, str]] = {"first": {}, "second": {}, "full refresh": {"DBT_FULL_REFRESH": "true"}}
"""Incremental models and snapshots run three times."""

_CHANGING = ("incremental", "snapshot")
_MOST_TOGETHER = 200
"""The maximum number of nodes that one command selects."""


def main() -> int:
    """The exit code: 0 if all results are the same, 1 if not, 2 if the project cannot be sliced."""
    parser = argparse.ArgumentParser(description=__doc__, prog="compare_slices.py")
    parser.add_argument("project", type=Path)
    parser.add_argument("--profiles-dir", type=Path)
    parser.add_argument("--target")
    options = parser.parse_args()
    project = options.project.resolve()
    profiles_dir = (options.profiles_dir or Path(os.environ.get("DBT_PROFILES_DIR", project))).resolve()
    commands = ForkedCommands()  # imports dbt once for all commands
    try:
        with tempfile.TemporaryDirectory(prefix="compare-slices-") as folder:
            return Comparison(project, profiles_dir, options.target, commands.folder, Path(folder)).run()
    finally:
        commands.stop()


class Comparison:
    """A comparison on a folder of symlinks to the project's files, so that nothing is written to the project."""

    def __init__(
        self, project: Path, profiles_dir: Path, target: str | None, commands: Path, folder: Path
    ) -> None:
        self._commands = commands
        self._folder = folder
        self._project = folder / project.name
        self._project.mkdir()
        for path in project.iterdir():
            if path.name not in _NOT_OURS:
                (self._project / path.name).symlink_to(path)
        self._profiles = yaml.safe_load((profiles_dir / "profiles.yml").read_text("utf-8"))
        self._profile = yaml.safe_load((project / "dbt_project.yml").read_text("utf-8"))["profile"]
        self._target, self._connection = _render(profiles_dir, self._profile, target)

    def run(self) -> int:
        """Run both ways and print the report. Returns the exit code."""
        with self._side("plain") as side:
            manifest = self._parse(side)
            tasks = [*_tasks(manifest)]
            plain = self._run_plainly(side, tasks, manifest)
        with self._side("slice") as side:
            code, said = side.call([self._commands / "dbt-slicing", "--target", self._target])
            sys.stderr.write(said)
            if code:
                return 2
            sliced = Record({}, {}, {}, {})
            for moment, more in _PASSES.items():
                todo = _todo(tasks, moment)
                for number, task in enumerate(todo, 1):
                    self._call(
                        side, ["dbt-sliced", str(self._commands / "dbt")], [task], (moment, more), sliced
                    )
                    _progress(f"slices, {moment}", number, len(todo))
                sliced.content[moment] = side.database.content()
        found = differences(plain, sliced)
        unstable: set[tuple[str, ...]] = set()
        if found:
            with self._side("again") as side:
                again = self._run_plainly(side, tasks, self._parse(side))
            unstable = {each[:3] for each in differences(plain, again)}
        sys.stdout.write(report(tasks, plain, sliced, unstable))
        return int(any(each[:3] not in unstable for each in found))

    @contextmanager
    def _side(self, name: str) -> Iterator[Side]:
        folder = self._folder / name
        folder.mkdir()
        database: Database
        if self._connection["type"] == "duckdb":
            database = DuckDb(self._connection, self._project, folder)
        elif self._connection["type"] == "postgres":
            database = Postgres(self._connection, f"dbt_compare_{name}")
        else:
            sys.exit(f"{self._connection['type']} is neither duckdb nor postgres")
        side = Side(self._project, database, folder)
        side.write_profile(self._profiles, self._profile, self._target)
        try:
            yield side
        finally:
            database.drop()

    def _parse(self, side: Side) -> Manifest:
        code, said = side.call([self._commands / "dbt", "parse", "--quiet", "--target", self._target])
        if code:
            sys.exit(said)
        return msgspec.json.decode((side.target / "manifest.json").read_bytes(), type=Manifest)

    def _run_plainly(self, side: Side, tasks: Sequence[Task], manifest: Manifest) -> Record:
        """Run many nodes per command, and skipped ones again on their own; one node per command if there are hooks."""
        record = Record({}, {}, {}, {})
        most = (
            1
            if any(node.resource_type == "operation" for node in manifest.nodes.values())
            else _MOST_TOGETHER
        )
        for moment, more in _PASSES.items():
            todo = _todo(tasks, moment)
            seeds = sum(task.node.resource_type == "seed" for task in todo)
            parts = [part for part in (todo[:seeds], todo[seeds:]) if part]
            for number, part in enumerate(
                each[at : at + most] for each in parts for at in range(0, len(each), most)
            ):
                self._call(side, ["dbt"], part, (moment, more), record)
                _progress(f"plain commands, {moment}", number + 1, len(todo) if most == 1 else 0)
            for task in [each for each in todo if record.skipped(moment, each.node.unique_id)]:
                self._call(side, ["dbt"], [task], (moment, more), record)
            record.content[moment] = side.database.content()
        return record

    def _call(
        self,
        side: Side,
        program: Sequence[str],
        tasks: Sequence[Task],
        moment: tuple[str, dict[str, str]],
        record: Record,
    ) -> None:
        words = tasks[0].command if len(tasks) == 1 else selecting_all([task.command for task in tasks])
        command = [self._commands / program[0], *program[1:], *words, "--target", self._target]
        record.add(moment[0], tasks, side.run(command, **moment[1]))


def _todo(tasks: Sequence[Task], moment: str) -> list[Task]:
    return [task for task in tasks if moment == "first" or task.node.config.materialized in _CHANGING]


def _progress(what: str, number: int, of: int) -> None:
    if of and (number == of or number % 25 == 0):
        sys.stderr.write(f"{what}: {number} of {of}\n")


def _tasks(manifest: Manifest) -> Iterator[Task]:
    """The project's nodes in topological order, each with the command of its task.

    Seeds come first: the project may declare their tables as sources.
    """
    nodes = manifest.nodes | manifest.functions
    commands = dbt_commands(msgspec.structs.replace(manifest, nodes=nodes), "dbt", ())
    graph = {name: nodes.keys() & node.depends_on.nodes for name, node in sorted(nodes.items())}
    order = TopologicalSorter(graph).static_order()
    for node in sorted((nodes[name] for name in order), key=lambda node: node.resource_type != "seed"):
        is_test = node.resource_type == "test"
        if is_test or (node.runs and not node.ephemeral):
            words = commands.test([node]) if is_test else commands.build(node, ())
            yield Task(node, [word for word in words[1:] if word != "--no-write-json"])


def _render(profiles_dir: Path, profile: str, target: str | None) -> tuple[str, dict[str, Any]]:
    """The target's name and its connection, including its secrets, as rendered by dbt."""
    from dbt.adapters.factory import load_plugin  # noqa: PLC0415 - tests import this module without dbt
    from dbt.config.profile import Profile, read_profile  # noqa: PLC0415
    from dbt.config.renderer import ProfileRenderer  # noqa: PLC0415
    from dbt_common.context import set_invocation_context  # noqa: PLC0415

    set_invocation_context(dict(os.environ))
    raw = read_profile(os.fspath(profiles_dir))[profile]
    name, settings = Profile.render_profile(raw, profile, target, ProfileRenderer({}))
    return name, load_plugin(settings["type"]).translate_aliases(settings)


if __name__ == "__main__":
    sys.exit(main())
