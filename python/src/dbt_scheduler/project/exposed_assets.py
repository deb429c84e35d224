"""Which of a team's assets other teams may depend on, in which pipelines, and by when they are ready."""

from collections.abc import Collection

import msgspec

from dbt_scheduler.config.team import compile_regex
from dbt_scheduler.config.types import ExposedAssets
from dbt_scheduler.findings.catalogue.assets import SCH305
from dbt_scheduler.findings.catalogue.tasks import SCH203, SCH211, SCH212
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.project.types import Project


class ExposureMatches(msgspec.Struct, frozen=True):
    """For each exposed asset its pipelines, with the SLO in seconds or None, and the line; what was wrong."""

    assets: dict[str, dict[str, int | None]]
    lines: dict[str, int]
    findings: tuple[Finding, ...]


def match_exposed_assets(project: Project, pipelines: Collection[str]) -> ExposureMatches:
    """Match every asset with the first ``exposed_assets`` entry whose regex is its whole name."""
    matcher = _Matcher(project, pipelines)
    assets, lines = {}, {}
    for asset, maker in project.assets.items():
        made_in = project.tasks[maker].pipelines
        if (entry := matcher.entry(asset)) is not None and (
            exposed := matcher.exposed(entry, asset, made_in)
        ):
            assets[asset], lines[asset] = exposed, entry.line
    matcher.report_unmatched()
    return ExposureMatches(assets, lines, tuple(matcher.findings))


class _Matcher:
    def __init__(self, project: Project, pipelines: Collection[str]) -> None:
        self.findings: list[Finding] = []
        self._file = str(project.folder / "scheduler.yaml")
        self._known = pipelines
        self._entries = [(compile_regex(entry.regex), entry) for entry in project.config.exposed_assets]
        self._matched: set[int] = set()
        self._check_pipelines()

    def entry(self, asset: str) -> ExposedAssets | None:
        for index, (regex, entry) in enumerate(self._entries):
            if regex.fullmatch(asset):
                self._matched.add(index)
                return entry
        return None

    def exposed(self, entry: ExposedAssets, asset: str, made_in: tuple[str, ...]) -> dict[str, int | None]:
        """The pipelines that the entry exposes the asset in: those it names, else all."""
        if not made_in:
            self.findings.append(SCH305.at(self._file, entry.line, subject=asset, asset=asset))
            return {}
        if entry.slo is None:
            return dict.fromkeys(made_in)
        for pipeline in entry.slo:
            if pipeline in self._known and pipeline not in made_in:
                words = {"pipeline": pipeline, "asset": asset, "pipelines": ", ".join(made_in)}
                self.findings.append(SCH212.at(self._file, entry.line, subject=asset, **words))
        return {pipeline: seconds for pipeline, seconds in entry.slo.items() if pipeline in made_in}

    def report_unmatched(self) -> None:
        for index, (_, entry) in enumerate(self._entries):
            if index not in self._matched:
                self.findings.append(
                    SCH211.at(self._file, entry.line, subject=entry.regex, regex=entry.regex)
                )

    def _check_pipelines(self) -> None:
        for _, entry in self._entries:
            for pipeline in entry.slo or ():
                if pipeline not in self._known:
                    hint = did_you_mean(pipeline, self._known) or None
                    where = f'exposed_assets "{entry.regex}"'
                    words = {
                        "where": where,
                        "pipeline": pipeline,
                        "pipelines": ", ".join(sorted(self._known)),
                    }
                    self.findings.append(
                        SCH203.at(self._file, entry.line, subject=entry.regex, hint=hint, **words)
                    )
