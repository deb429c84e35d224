"""Reads an ``external_assets.yaml``: the assets that hand-written DAGs produce."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from dbt_scheduler.config.schema.document import CheckedDocument, check_document
from dbt_scheduler.config.types import AcknowledgedChange, Alerting
from dbt_scheduler.config.yaml import load_yaml
from dbt_scheduler.findings.catalogue.assets import SCH314
from dbt_scheduler.findings.catalogue.external_assets import SCH341, SCH342, SCH343, SCH344
from dbt_scheduler.findings.catalogue.tasks import SCH203
from dbt_scheduler.findings.finding import CannotRunError, Finding
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.registry.encoding import MOST_PIPELINES
from dbt_scheduler.registry.relation import Relation
from dbt_scheduler.schedule import alignment_problems
from dbt_scheduler.schedule.durations import duration_seconds
from dbt_scheduler.spec import Schedule

_NO_TASK = (
    "use the last task of the group, or add an EmptyOperator downstream of the group and use its task_id"
)
_TOO_MANY = (
    "set `pipeline` for DAGs that run on a pipeline's cron, or split the file, with one `team` in each file"
)


class ExternalAsset(msgspec.Struct, frozen=True, kw_only=True):
    """An asset, and the task of a hand-written DAG that produces it; ``pipeline`` is the name of its schedule."""

    asset: str
    dag_id: str
    task_id: str
    pipeline: str
    schedule: Schedule
    slo_seconds: int | None
    relation: Relation | None
    line: int


class ExternalAssets(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a file; ``line`` is the line of its ``team`` key."""

    path: str
    team: str
    alerting: Alerting
    assets: tuple[ExternalAsset, ...]
    acknowledged_changes: tuple[AcknowledgedChange, ...]
    line: int
    findings: tuple[Finding, ...]


def load_external_assets(path: Path, pipelines: Mapping[str, Schedule]) -> ExternalAssets:
    """Read a file; ``pipelines`` are the platform's. Assets with an error are left out, with a finding.

    Raises:
        CannotRunError: the file cannot be used at all.

    """
    document, findings = load_yaml(path)
    if document is None:
        raise CannotRunError(findings)
    checked = check_document(document, "external_assets", SCH341)
    findings += tuple(map(_about_groups, checked.findings))
    value = checked.value
    if value is None:
        raise CannotRunError(findings)
    alerting = dict(value.get("alerting", {}))
    if isinstance(alerting.get("tag"), str):
        alerting["tag"] = [alerting["tag"]]
    reader = _Reader(str(path), checked, pipelines)
    assets = tuple(reader.assets(value["assets"]))
    return ExternalAssets(
        path=str(path),
        team=value["team"],
        alerting=msgspec.convert(alerting, Alerting),
        assets=assets,
        acknowledged_changes=tuple(
            AcknowledgedChange(**each, line=checked.line(each))
            for each in value.get("acknowledged_changes", ())
        ),
        line=document.line(("team",)),
        findings=(*findings, *reader.findings, *_about_number(str(path), assets)),
    )


def _about_groups(finding: Finding) -> Finding:
    """Replace the hint for a task group, which is not a task: it has neither a state nor a callback."""
    is_group = "task_group" in finding.message
    return msgspec.structs.replace(finding, hint=_NO_TASK) if is_group else finding


def _about_number(path: str, assets: tuple[ExternalAsset, ...]) -> Iterator[Finding]:
    """SCH341: more schedules than a registry entry can have, reported at the first one over the limit."""
    first = {made.pipeline: made for made in reversed(assets)}
    lines = sorted(made.line for made in first.values())
    if len(lines) > MOST_PIPELINES:
        problem = (
            f"the file has {len(lines)} pipelines and schedules, but a team can have at most {MOST_PIPELINES}"
        )
        yield SCH341.at(path, lines[MOST_PIPELINES], subject="assets", hint=_TOO_MANY, problem=problem)


class _Reader:
    """Converts the entries of a file that matches the schema, and collects what a schema cannot check."""

    def __init__(self, path: str, checked: CheckedDocument, pipelines: Mapping[str, Schedule]) -> None:
        self.findings: list[Finding] = []
        self._path = path
        self._checked = checked
        self._pipelines = pipelines

    def assets(self, entries: list[dict[str, Any]]) -> Iterator[ExternalAsset]:
        """The valid assets, each name once."""
        names: dict[str, ExternalAsset] = {}
        dags: dict[str, ExternalAsset] = {}
        for entry in entries:
            made = self._asset(entry)
            if made is None:
                continue
            first, same_dag = names.setdefault(made.asset, made), dags.setdefault(made.dag_id, made)
            if first is not made:
                words = {"asset": made.asset, "first": _task(first), "second": _task(made)}
                self.findings.append(SCH314.at(self._path, made.line, subject=made.asset, **words))
            elif same_dag.schedule != made.schedule:
                words = {"dag_id": made.dag_id, "other_line": str(same_dag.line)}
                self.findings.append(SCH344.at(self._path, made.line, subject=made.asset, **words))
            else:
                yield made

    def _asset(self, entry: dict[str, Any]) -> ExternalAsset | None:
        named = self._schedule(entry)
        if named is None:
            return None
        slo, relation = entry.get("slo"), entry.get("relation")
        return ExternalAsset(
            asset=entry["asset"],
            dag_id=entry["dag_id"],
            task_id=entry["task_id"],
            pipeline=named[0],
            schedule=named[1],
            slo_seconds=None if slo is None else duration_seconds(slo),
            relation=None if relation is None else _relation(relation),
            line=self._checked.line(entry),
        )

    def _schedule(self, entry: dict[str, Any]) -> tuple[str, Schedule] | None:
        """The schedule and its name, a pipeline's or the DAG's own; None, with a finding, if it is not valid."""
        place, asset = (self._path, self._checked.line(entry)), entry["asset"]
        if ("pipeline" in entry) == ("schedule" in entry):
            problem = (
                "both a pipeline and a schedule"
                if "pipeline" in entry
                else "neither a pipeline nor a schedule"
            )
            self.findings.append(SCH342.at(*place, subject=asset, asset=asset, problem=problem))
            return None
        if "pipeline" in entry:
            name = entry["pipeline"]
            if name in self._pipelines:
                return name, self._pipelines[name]
            words = {"where": f'asset "{asset}"', "pipeline": name, "pipelines": ", ".join(self._pipelines)}
            hint = did_you_mean(name, self._pipelines) or None
            self.findings.append(SCH203.at(*place, subject=asset, hint=hint, **words))
            return None
        schedule = Schedule(**entry["schedule"])
        problems = alignment_problems(schedule)
        self.findings += [
            SCH343.at(*place, subject=asset, asset=asset, problem=problem) for problem in problems
        ]
        # No pipeline of a platform has a dot in its name.
        name = entry["dag_id"] if entry["dag_id"] not in self._pipelines else f"{entry['dag_id']}.schedule"
        return None if problems else (name, schedule)


def _task(made: ExternalAsset) -> str:
    return f"{made.task_id} of {made.dag_id} (line {made.line})"


def _relation(text: str) -> Relation:
    *database, schema, identifier = text.split(".")
    return Relation(database[0] if database else None, schema, identifier)
