"""Reads a team's ``scheduler.yaml``."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from dbt_scheduler.config.schema.document import CheckedDocument, check_document
from dbt_scheduler.config.types import DbtSettings, ExposedAssets, TaskConfig, TeamConfig
from dbt_scheduler.config.yaml import Document, load_yaml
from dbt_scheduler.files import resolved
from dbt_scheduler.findings.catalogue.inputs import SCH402
from dbt_scheduler.findings.catalogue.tasks import SCH201, SCH202, SCH204, SCH210
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.schedule.durations import duration_seconds

if TYPE_CHECKING:
    import re2

SUPPORTED_VERSIONS = ("0.17",)
"""Supported versions of the format, the oldest first."""

_COMMON = {"line", "settings", *TaskConfig.__struct_fields__}


def load_team_config(path: Path) -> tuple[TeamConfig | None, tuple[Finding, ...]]:
    """Read a ``scheduler.yaml``: the valid part of its config, and the findings.

    The config is None if the file cannot be used at all: it is unreadable, not YAML, or has an unsupported version.
    """
    if problem := _wrong_symlink(path):
        return None, (SCH402.at(str(path), problem=problem, hint="replace the symlink with the file"),)
    document, findings = load_yaml(path)
    if document is None:
        return None, findings
    unsupported = _unsupported_version(document)
    if unsupported:
        return None, (*findings, unsupported)
    checked = check_document(document, "scheduler", SCH201)
    findings += checked.findings
    if checked.value is None:
        return None, findings
    reader = _Reader(str(path), checked, document)
    config = reader.config(checked.value)
    return config, (*findings, *reader.findings)


def _wrong_symlink(path: Path) -> str | None:
    """Why a symlink is rejected, else None: findings quote the file, and everyone sees those of a pull request."""
    try:
        leaves = path.is_symlink() and not resolved(path).is_relative_to(path.parent.resolve())
    except OSError as error:
        return error.strerror
    return "it is a symlink to a file outside the project" if leaves else None


def _unsupported_version(document: Document) -> Finding | None:
    """A finding for an unsupported version, else None; the schema reports a missing one."""
    text = document.text(("version",))
    if text is None or text in SUPPORTED_VERSIONS:
        return None
    oldest, newest = SUPPORTED_VERSIONS[0], SUPPORTED_VERSIONS[-1]
    supported = oldest if oldest == newest else f"{oldest} to {newest}"
    return SCH202.at(
        document.path, document.line(("version",)), version=text or "(empty)", supported=supported
    )


class _Reader:
    """Converts the parts of a file that matches the schema, and collects what a schema cannot check."""

    def __init__(self, path: str, checked: CheckedDocument, document: Document) -> None:
        self.findings: list[Finding] = []
        self._document = document
        self._path = path
        self._checked = checked

    def config(self, value: dict[str, Any]) -> TeamConfig:
        ready = {key: part for key, part in value.items() if key != "version"}
        if isinstance(value.get("alerting", {}).get("tag"), str):
            ready["alerting"] = {**value["alerting"], "tag": [value["alerting"]["tag"]]}
        if "dbt_settings" in value:
            line = self._document.line(("dbt_settings",))
            ready["dbt_settings"] = {**_dbt_settings(value["dbt_settings"]), "line": line}
        named = next((key for key in ("dag_prefix", "team") if key in value), None)
        ready["line"] = self._document.line((named,)) if named else 0
        ready["tasks"] = list(self._tasks(value.get("tasks", [])))
        ready["exposed_assets"] = list(self._exposed(value.get("exposed_assets", [])))
        for key in ("acknowledged_changes", "ignore"):
            ready[key] = [{**entry, "line": self._checked.line(entry)} for entry in value.get(key, [])]
        return msgspec.convert(ready, TeamConfig)

    def _tasks(self, entries: list[dict[str, Any]]) -> Iterator[TaskConfig]:
        first_lines: dict[str, int] = {}
        for entry in entries:
            task = self._task(entry)
            if task.name not in first_lines:
                first_lines[task.name] = task.line
                yield task
                continue
            words = {"name": task.name, "other_line": str(first_lines[task.name])}
            self.findings.append(SCH204.at(self._path, task.line, subject=task.name, **words))

    def _task(self, entry: dict[str, Any]) -> TaskConfig:
        line = self._checked.line(entry)
        common = {key: part for key, part in entry.items() if key in _COMMON}
        common["name"] = entry.get("name") or task_name(entry["assets"][0])
        common["command"] = self._words(entry.get("command", ""), line, common["name"])
        if "timeout" in entry:
            common["timeout_seconds"] = duration_seconds(entry["timeout"])
        settings = {key: part for key, part in entry.items() if key not in _COMMON and key != "timeout"}
        return msgspec.convert({**common, "settings": settings, "line": line}, TaskConfig)

    def _words(self, command: str, line: int, task: str) -> list[str]:
        if "\0" in command:
            problem = f'the command of task "{task}" contains a null character'
            self.findings.append(SCH201.at(self._path, line, subject=task, problem=problem, hint="remove it"))
            return [command]  # not empty, which would be another finding
        try:
            return shlex.split(command)
        except ValueError:
            problem = f'the command of task "{task}" has an unclosed quote or a trailing backslash: {command}'
            hint = "close the quote, or escape it with a backslash if it is meant literally"
            self.findings.append(SCH201.at(self._path, line, subject=task, problem=problem, hint=hint))
            return [command]  # not empty, which would be another finding

    def _exposed(self, entries: list[dict[str, Any]]) -> Iterator[ExposedAssets]:
        for entry in entries:
            line = self._checked.line(entry)
            problem = _regex_problem(entry["regex"])
            if problem:
                words = {"regex": entry["regex"], "problem": problem}
                self.findings.append(SCH210.at(self._path, line, subject=entry["regex"], **words))
                continue
            slo = {pipeline: duration_seconds(time) for pipeline, time in entry.get("slo", {}).items()}
            yield ExposedAssets(entry["regex"], slo or None, line)


def _dbt_settings(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry, with the keys of dbt's place under ``settings``."""
    own = {key: part for key, part in entry.items() if key in DbtSettings.__struct_fields__}
    return {**own, "settings": {key: part for key, part in entry.items() if key not in own}}


def task_name(asset: str) -> str:
    """The default name of a task, from its first asset: ``shop.events`` gives ``shop__events``."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", asset.replace(".", "__"))


def compile_regex(regex: str) -> "re2.Regexp":
    """Compile a regex of ``exposed_assets``, which matches in linear time: RE2 never backtracks.

    Raises:
        re2.error: it is not valid; the reason is in bytes.

    """
    import re2  # noqa: PLC0415 - only teams with exposed assets need it

    options = re2.Options()
    options.log_errors = False  # no log on stderr in addition to the exception
    return re2.compile(regex, options)


def _regex_problem(regex: str) -> str | None:
    import re2  # noqa: PLC0415

    try:
        compile_regex(regex)
    except re2.error as error:
        reason: bytes = error.args[0]
        return reason.decode()
    return None
