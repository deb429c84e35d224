"""The exposed assets of a team, their pipelines and their SLOs."""

from collections import defaultdict
from collections.abc import Collection, Mapping

import msgspec

from dbt_scheduler.config.schema.messages import and_others
from dbt_scheduler.config.team import compile_regex
from dbt_scheduler.config.types import ExposedAssets
from dbt_scheduler.findings.catalogue.assets import SCH305
from dbt_scheduler.findings.catalogue.tasks import SCH203, SCH211, SCH212
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.project.types import Project


class ExposedMatches(msgspec.Struct, frozen=True):
    """The exposed assets: their pipelines with the SLO in seconds or None, the lines of their entries, and findings."""

    assets: dict[str, dict[str, int | None]]
    lines: dict[str, int]
    findings: tuple[Finding, ...]


def match_exposed_assets(
    project: Project, pipelines: Collection[str], findings: Collection[Finding] = ()
) -> ExposedMatches:
    """Match every asset with the first ``exposed_assets`` entry whose regex matches its full name.

    ``findings`` are those of earlier checks: a task in an unknown pipeline already has a finding.
    """
    matcher = _Matcher(project, pipelines, findings)
    assets, lines = {}, {}
    for asset, maker in project.assets.items():
        made_in = project.tasks[maker].pipelines
        if (entry := matcher.entry(asset)) is not None and (exposed := matcher.exposed(entry, made_in)):
            assets[asset], lines[asset] = exposed, entry.line
    matcher.report({asset: project.tasks[maker].pipelines for asset, maker in project.assets.items()})
    return ExposedMatches(assets, lines, tuple(matcher.findings))


class _Matcher:
    def __init__(self, project: Project, pipelines: Collection[str], before: Collection[Finding]) -> None:
        misspelt = project.misassigned | {each.subject for each in before if each.code == SCH203.code}
        self._explained = {
            asset for asset, maker in project.assets.items() if project.tasks[maker].name in misspelt
        }
        self.findings: list[Finding] = []
        self._file = str(project.folder / "scheduler.yaml")
        self._known = pipelines
        self._entries = [(compile_regex(entry.regex), entry) for entry in project.config.exposed_assets]
        self._matched: dict[int, list[str]] = defaultdict(list)
        self._ignored = {ignore.on for ignore in project.config.ignore if ignore.code == SCH305.code}
        self._check_pipelines()

    def entry(self, asset: str) -> ExposedAssets | None:
        for index, (regex, entry) in enumerate(self._entries):
            if regex.fullmatch(asset):
                self._matched[index].append(asset)
                return entry
        return None

    @staticmethod
    def exposed(entry: ExposedAssets, made_in: tuple[str, ...]) -> dict[str, int | None]:
        """The pipelines in which the entry exposes the asset: those in its ``slo`` that build it, or else all."""
        if entry.slo is None:
            return dict.fromkeys(made_in)
        return {pipeline: seconds for pipeline, seconds in entry.slo.items() if pipeline in made_in}

    def report(self, made_in: Mapping[str, tuple[str, ...]]) -> None:
        """Report each problem of an entry once for all of its assets; ``made_in`` has the pipelines of each asset."""
        for index, (_, entry) in enumerate(self._entries):
            assets = self._matched[index]
            if not assets:
                self._find(SCH211, entry, entry.regex, regex=entry.regex)
            unscheduled = [asset for asset in assets if not made_in[asset]]
            # An ignored asset gets its own finding, so that the ignore entry matches only that one.
            alone = [[asset] for asset in unscheduled if asset in self._ignored]
            rest = [asset for asset in unscheduled if asset not in self._ignored | self._explained]
            for names in (*alone, *([rest] if rest else ())):
                be, it = ("are", "them") if len(names) > 1 else ("is", "it")
                self._find(SCH305, entry, names[0], assets=f"{and_others(names)} {be}", it=it)
            self._check_slo_pipelines(entry, {asset: made_in[asset] for asset in assets if made_in[asset]})

    def _check_slo_pipelines(self, entry: ExposedAssets, made_in: Mapping[str, tuple[str, ...]]) -> None:
        """SCH212: an SLO for a pipeline that builds none of the assets."""
        made = sorted({pipeline for pipelines in made_in.values() for pipeline in pipelines})
        for pipeline in entry.slo or ():
            if made and pipeline in self._known and pipeline not in made:
                first, *others = made_in
                found = {"pipeline": pipeline, "pipelines": ", ".join(made)}
                if others:
                    found["made_in_it"] = f"it builds none of {and_others([first, *others])}"
                    self._find(SCH212, entry, entry.regex, they="they are", **found)
                else:
                    found["made_in_it"] = f'it does not build "{first}"'
                    self._find(SCH212, entry, first, they="it is", **found)

    def _find(self, rule: Rule, entry: ExposedAssets, subject: str, **words: str) -> None:
        self.findings.append(rule.at(self._file, entry.line, subject=subject, **words))

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
