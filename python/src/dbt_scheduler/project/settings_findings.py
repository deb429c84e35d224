"""Findings about the settings of dbt nodes; one for all nodes that get a wrong value from the same folder defaults."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from dbt_scheduler.config.schema.messages import and_others
from dbt_scheduler.findings.catalogue.nodes import SCH101, SCH102
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.project.locations import node_location, project_file_location
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.project.node_settings import DEFAULTS, SettingsProblem


class _Default(msgspec.Struct, frozen=True):
    """A wrong value of ``scheduler_defaults``, and a word of it: the same problem of many nodes has one cause."""

    word: str
    problem: str | None = None
    hint: str | None = None


class SettingsFindings:
    """Collects findings about nodes' settings, and ``misassigned``: the names of nodes in unknown pipelines."""

    def __init__(self, folder: Path, pipelines: Collection[str]) -> None:
        self.misassigned: set[str] = set()
        self._folder = folder
        self._pipelines = pipelines
        self._own: list[Finding] = []
        self._defaults: dict[_Default, list[Node]] = defaultdict(list)

    def invalid(self, node: Node, problem: SettingsProblem) -> None:
        """Add a violation of the schema."""
        violation = problem.violation
        if problem.path[0] == DEFAULTS:
            word = [each for each in problem.path if isinstance(each, str)][-1]
            self._defaults[_Default(word, violation.problem, violation.hint)].append(node)
            return
        location = node_location(self._folder, node, *problem.path)
        where = f'meta.{problem.path[0]} of "{node.name}"'
        words = {"where": where, "problem": violation.problem}
        self._own.append(SCH101.at(*location, subject=node.name, hint=violation.hint, **words))

    def unknown_pipeline(self, node: Node, pipeline: str) -> None:
        """Add a pipeline that the platform does not define."""
        self.misassigned.add(node.name)
        own = node.config.meta.get("scheduler")
        pipelines = own.get("pipelines") if isinstance(own, dict) else None
        if isinstance(pipelines, list) and pipeline in pipelines:
            location = node_location(self._folder, node, "scheduler", "pipelines")
            self._own.append(self._unknown(location, node.name, [node], pipeline))
        else:
            self._defaults[_Default(pipeline)].append(node)

    def __iter__(self) -> Iterator[Finding]:
        """All findings."""
        yield from self._own
        for default, nodes in self._defaults.items():
            place = project_file_location(self._folder, default.word)
            groups = (
                [(place, nodes)]
                if place
                else [(node_location(self._folder, node, DEFAULTS, default.word), [node]) for node in nodes]
            )
            for location, together in groups:
                subject = together[0].name
                if default.problem is None:
                    yield self._unknown(location, subject, together, default.word)
                    continue
                where = f"meta.{DEFAULTS} of {and_others([node.name for node in together])}"
                yield SCH101.at(
                    *location, subject=subject, hint=default.hint, where=where, problem=default.problem
                )

    def _unknown(self, location: tuple[str, int], subject: str, nodes: list[Node], pipeline: str) -> Finding:
        return SCH102.at(
            *location,
            subject=subject,
            hint=did_you_mean(pipeline, self._pipelines) or None,
            nodes=f"{and_others([node.name for node in nodes])} {'is' if len(nodes) == 1 else 'are'}",
            pipeline=pipeline,
            pipelines=", ".join(sorted(self._pipelines)),
        )
