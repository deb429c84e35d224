"""Runs the commands of one way to run a dbt project, with its own database and target folder."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from compared_databases import Database

PLAIN = "running the plain dbt command, because no slice can be used: "
"""What the runner prints if it has no slice."""

_OF_THE_RUN = re.compile(
    r"\d\d:\d\d:\d\d|\b\d+\.\d+(s| seconds)|in \d+ \w+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+ of \d+"
)
_OF_RESULTS = ("timing", "execution_time", "thread_id")
_WRITTEN = ("compiled", "run")


class Outcome(NamedTuple):
    """The outcome of a dbt command: the result of each node, the written files, and the printed log."""

    code: int
    results: dict[str, dict[str, Any]]
    files: dict[str, str]
    log: str

    @property
    def no_slice(self) -> str | None:
        """The reason for running the plain command instead of the slice; None if the slice was used."""
        return self.log.partition(PLAIN)[2].partition("\n")[0] or None


class Side:
    """One way to run the project: ``folder`` contains its profiles.yml and the files that dbt writes."""

    def __init__(self, project: Path, database: Database, folder: Path) -> None:
        self.database = database
        self.target = folder / "target"
        self._project = project
        self._folder = folder

    def write_profile(self, profiles: Mapping[str, Any], profile: str, target: str) -> None:
        """Write profiles.yml: the target's, with unrendered Jinja, and with this copy of the database."""
        given = profiles[profile]
        outputs = {**given["outputs"], target: {**given["outputs"][target], **self.database.settings}}
        if "dbname" in self.database.settings:
            outputs[target].pop("database", None)  # the older name of the same setting
        written = {**profiles, profile: {**given, "outputs": outputs}}
        (self._folder / "profiles.yml").write_text(yaml.safe_dump(written), "utf-8")

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """The environment variables of its commands."""
        return {
            **os.environ,
            "DO_NOT_TRACK": "1",
            "DBT_PROFILES_DIR": str(self._folder),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self._folder / "logs"),
            **more,
        }

    def call(self, command: Iterable[str | Path], **more: str) -> tuple[int, str]:
        """Run a command in the project; returns its exit code, and its output."""
        done = subprocess.run(  # noqa: S603 - no shell
            [*map(str, command)],
            cwd=self._project,
            env=self.environment(more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def run(self, command: Iterable[str | Path], **more: str) -> Outcome:
        """Run a dbt command; returns its outcome."""
        target = self.target
        for name in _WRITTEN:
            shutil.rmtree(target / name, ignore_errors=True)
        results = target / "run_results.json"
        results.unlink(missing_ok=True)
        code, log = self.call(command, **more)
        read = json.loads(self._moved(results.read_text("utf-8")))["results"] if results.exists() else []
        written = (path for name in _WRITTEN for path in (target / name).rglob("*") if path.is_file())
        files = {str(path.relative_to(target)): self._moved(path.read_text("utf-8")) for path in written}
        return Outcome(code, {each["unique_id"]: _stable(each) for each in read}, files, self._moved(log))

    def _moved(self, text: str) -> str:
        """The text without this side's paths and database name, and without times in names of temporary tables."""
        here = self.database.with_original_name(text.replace(str(self._folder), ""))
        return re.sub(r"__dbt_tmp_?\d+", "", here)


def without_times(text: str) -> str:
    """A text of dbt without times, durations, ids, and the numbers of nodes."""
    return _OF_THE_RUN.sub("", text)


def _stable(result: dict[str, Any]) -> dict[str, Any]:
    """A result without times and durations."""
    kept = {name: value for name, value in result.items() if name not in _OF_RESULTS}
    stable: dict[str, Any] = json.loads(without_times(json.dumps(kept)))
    return stable


def selecting_all(calls: Sequence[Sequence[str]]) -> list[str]:
    """One ``dbt build`` of the nodes that several commands select, with the options of the first command."""
    first = calls[0]
    at = first.index("--select") + 1
    rest = next(place for place in range(at, len(first)) if first[place].startswith("--"))
    selectors = [word for call in calls for word in call if word.startswith("fqn:")]
    return ["build", "--select", *selectors, *first[rest:]]
