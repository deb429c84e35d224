"""Finds and reads ``platform.yaml``, merged key by key with the default file of the package."""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dbt_scheduler.config.places import place_findings, place_settings
from dbt_scheduler.config.schema.document import check_document
from dbt_scheduler.config.types import (
    DbtConfig,
    Defaults,
    Pipeline,
    PlatformAlerting,
    PlatformConfig,
    ProjectHooks,
)
from dbt_scheduler.config.yaml import Document, load_yaml
from dbt_scheduler.findings.catalogue.inputs import SCH405, SCH406
from dbt_scheduler.findings.finding import CannotRunError, Finding, Severity
from dbt_scheduler.registry.publishers import Publisher
from dbt_scheduler.registry.stores import registry_url, schemes
from dbt_scheduler.schedule import alignment_problems
from dbt_scheduler.schedule.durations import duration_seconds
from dbt_scheduler.spec import Schedule

DEFAULT_PLATFORM = Path(__file__).with_name("platform_default.yaml")
"""The default file of the package, which documents every key."""

_VARIABLE = "DBT_SCHEDULER_PLATFORM"
_MAX_ACTIVE_RUNS = 4


def find_platform(folders: Iterable[Path], option: Path | None = None) -> Path:
    """The ``platform.yaml`` to use.

    It is the one passed, else that of the variable ``DBT_SCHEDULER_PLATFORM``, else the nearest in or above the
    folders, else the default.

    Raises:
        CannotRunError: different files apply to different folders, or there is only a ``platform.yml``.

    """
    if option is not None:
        return option
    if os.environ.get(_VARIABLE):
        return Path(os.environ[_VARIABLE])
    folders = list(folders)
    found = list(dict.fromkeys(file for folder in folders if (file := _nearest(folder))))
    if len(found) > 1:
        problem = f"found two platform.yaml files: {found[0]} and {found[1]}"
        raise CannotRunError.because(
            SCH405.at(str(found[1]), problem=problem, hint="select one with --platform")
        )
    if not found and (misnamed := next(filter(None, map(_misnamed, folders)), None)):
        problem = "this file is not read: it has to be named platform.yaml"
        hint = "rename it, or select it with --platform"
        raise CannotRunError.because(SCH405.at(str(misnamed), problem=problem, hint=hint))
    return found[0] if found else DEFAULT_PLATFORM


def load_platform(path: Path) -> tuple[PlatformConfig | None, tuple[Finding, ...]]:
    """Read a ``platform.yaml``; None if it has any error, because everything else depends on it."""
    document, findings = load_yaml(path)
    if document is None:
        return None, findings
    checked = check_document(document, "platform", SCH405)
    findings += checked.findings
    if checked.value is None or _has_error(findings):
        return None, findings
    value = _with_defaults(checked.value)
    pipelines = {name: _pipeline(document, name, entry) for name, entry in value["pipelines"].items()}
    findings += (
        *_same_names(document, pipelines),
        *_alignment_findings(document, pipelines),
        *_registry_findings(document, value),
        *place_findings(document, value),
    )
    if _has_error(findings):
        return None, findings
    return _config(str(path), pipelines, value), findings


def _has_error(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def _nearest(folder: Path, name: str = "platform.yaml") -> Path | None:
    """The nearest such file in or above a folder, relative to the working directory if below it; None without one."""
    absolute = folder.resolve()
    for parent in (absolute, *absolute.parents):
        file = parent / name
        if os.path.lexists(file):  # also a broken symlink: reading it reports the problem
            here = Path.cwd()
            return file.relative_to(here) if file.is_relative_to(here) else file
    return None


def _misnamed(folder: Path) -> Path | None:
    """A ``platform.yml`` in the folder or above it, up to the working directory: one further up may be anything."""
    file = _nearest(folder, "platform.yml")
    if file is None or not file.is_file():
        return None
    return None if file.is_absolute() and file.parent != folder.resolve() else file


@cache
def _default() -> Mapping[str, Any]:
    document, _ = load_yaml(DEFAULT_PLATFORM)
    assert isinstance(document, Document)  # noqa: S101 - the package's own file
    assert isinstance(document.value, dict)  # noqa: S101
    return document.value


def _with_defaults(value: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the blocks of the file over the default ones, key by key; each kind is a block of its own."""
    default = _default()
    whole = ("version", "pipelines", "teams")
    complete = {block: {**default[block], **value.get(block, {})} for block in default if block not in whole}
    complete |= {block: value.get(block, default[block]) for block in whole}
    for kind, settings in default["kinds"].items():
        complete["kinds"][kind] = {**settings, **value.get("kinds", {}).get(kind, {})}
    return complete


def _pipeline(document: Document, name: str, entry: Mapping[str, Any]) -> Pipeline:
    schedule = Schedule(**{key: entry[key] for key in Schedule.__struct_fields__ if key in entry})
    runs = entry.get("max_active_runs", _MAX_ACTIVE_RUNS)
    return Pipeline(schedule, entry.get("catchup", False), runs, document.line(("pipelines", name)))


def _same_names(document: Document, pipelines: Mapping[str, Pipeline]) -> Iterator[Finding]:
    """Findings for names that differ only in case: DAG files are named after them, and some file systems ignore case."""
    first: dict[str, str] = {}
    for name, pipeline in pipelines.items():
        other = first.setdefault(name.lower(), name)
        if other != name:
            problem = f'the names of pipelines "{other}" and "{name}" differ only in case'
            hint = "rename one of them: on a case-insensitive file system their DAGs would use the same file"
            yield SCH405.at(document.path, pipeline.line, subject=name, problem=problem, hint=hint)


def _alignment_findings(document: Document, pipelines: Mapping[str, Pipeline]) -> Iterator[Finding]:
    for name, pipeline in pipelines.items():
        for problem in alignment_problems(pipeline.schedule):
            yield SCH406.at(document.path, pipeline.line, subject=name, pipeline=name, problem=problem)


def _registry_findings(document: Document, value: Mapping[str, Any]) -> Iterator[Finding]:
    url = value["registry"]["url"]
    if url is None:
        return
    try:
        registry_url(url, Path())
    except ValueError as error:
        hint = f"for example {' or '.join(scheme.examples[0] for scheme in schemes().values())}"
        place = document.path, document.line(("registry", "url"))
        yield SCH405.at(*place, problem=str(error), hint=hint)


def _config(path: str, pipelines: dict[str, Pipeline], value: Mapping[str, Any]) -> PlatformConfig:
    defaults, dbt, url, teams = value["defaults"], value["dbt"], value["registry"]["url"], value["teams"]
    longest = defaults["max_retry_delay"]
    return PlatformConfig(
        path=path,
        pipelines=pipelines,
        defaults=Defaults(
            retries=defaults["retries"],
            retry_delay_seconds=duration_seconds(defaults["retry_delay"]),
            max_retry_delay_seconds=longest and duration_seconds(longest),
            timeout_seconds=duration_seconds(defaults["timeout"]),
            wait_timeout_seconds=duration_seconds(defaults["wait_timeout"]),
            poll_interval_seconds=duration_seconds(defaults["poll_interval"]),
            pool=defaults["pool"],
        ),
        dbt=DbtConfig(
            command=dbt["command"],
            projects_dir=dbt["projects_dir"],
            target=dbt["target"],
            profiles_dir=dbt["profiles_dir"],
            target_path=dbt["target_path"],
            log_path=dbt["log_path"],
            project_hooks=ProjectHooks(dbt["project_hooks"]),
            preload=dbt["preload"],
        ),
        places={kind: place_settings(block) for kind, block in {"dbt": dbt, **value["kinds"]}.items()},
        pools=value["pools"],
        alerting=PlatformAlerting(**value["alerting"]),
        registry_url=None if url is None else registry_url(url, Path(path).parent),
        teams=None if teams is None else {team: Publisher(**entry) for team, entry in teams.items()},
        airflow_connection=value["airflow"]["connection"],
        dag_prefix=f"{value['airflow']['dag_prefix']}_" if value["airflow"]["dag_prefix"] else "",
        registry_read_only=value["registry"]["read_only"],
        site_url=value["registry"]["site_url"],
    )
