"""SLOs that cannot be met because of an upstream SLO, in any team."""

from collections.abc import Iterator

import msgspec

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.registry.upstream import PipelineAsset, Upstream
from dbt_scheduler.schedule import wait_lag_seconds
from dbt_scheduler.schedule.durations import format_duration

SCH308 = Rule(
    code="SCH308",
    summary="An SLO is earlier than that of an upstream asset",
    message='the SLO of "{asset}" in {pipeline} is {promised}, but it depends on "{needed}" of team {team}, which is ready {ready} after the scheduled time at the earliest: {chain}',
    hint="raise the SLO to at least {ready}, or set the dependency to no_wait",
    why="An SLO that is earlier than that of an upstream asset cannot be met. The message ends with the "
    "path to that asset, which may lead through tables without an SLO.",
    example="An SLO of one hour on a table that waits for a table with an SLO of six hours.",
    fix="Raise the SLO, or ask the producer for an earlier one.",
)


class _Ready(msgspec.Struct, frozen=True):
    """When an asset is ready at the earliest, in seconds after its scheduled time; ``through`` is what delays it."""

    seconds: int
    through: PipelineAsset | None


_Inputs = list[tuple[PipelineAsset, int]]
"""The inputs of an asset, each with the seconds by which its scheduled time is later than the asset's own."""


def check_across(workspace: Workspace) -> Iterator[tuple[str, Finding]]:
    """SCH308: assets of the checked teams whose SLO is earlier than an upstream asset can be ready.

    An asset is ready at its SLO, or later if its inputs are; without either, the time is unknown. Only registry entries
    are used, so that checked teams and published teams are treated alike.
    """
    readiness = _Readiness(workspace)
    for team in workspace.teams:
        for asset, produced in team.entry.produced.items():
            for pipeline, promise in produced.pipelines.items():
                if promise.slo_seconds is not None:
                    found = readiness.chain(PipelineAsset(team.project.team, asset, pipeline))
                    if len(found) > 1:
                        yield team.project.team, _impossible(team, promise.slo_seconds, found)


_Chain = list[tuple[PipelineAsset, int | None, int]]
"""From an SLO to the asset that delays it: each step with its SLO and its earliest time, both in seconds."""


def _impossible(team: Team, promised: int, chain: _Chain) -> Finding:
    (made, _, earliest), (last, _, _) = chain[0], chain[-1]
    steps = [
        f"{step.asset} ({step.team}, {step.pipeline}, {'no SLO' if slo is None else format_duration(slo)})"
        for step, slo, _ in chain[1:]
    ]
    return SCH308.at(
        str(team.project.folder / "scheduler.yaml"),
        team.exposed_lines.get(made.asset, 0),
        subject=made.asset,
        asset=made.asset,
        pipeline=made.pipeline,
        promised=f"{format_duration(promised)} after the scheduled time",
        needed=last.asset,
        team=last.team,
        ready=format_duration(earliest),
        chain=" → ".join([made.asset, *steps]),
    )


class _Readiness:
    """When assets can be ready: computed once each, and only for upstream assets that are needed."""

    def __init__(self, workspace: Workspace) -> None:
        self._entries = workspace.directory.entries
        self._behind = Upstream(self._entries)
        self._ready: dict[PipelineAsset, _Ready | None] = {}

    def chain(self, made: PipelineAsset) -> _Chain:
        """The steps from an asset to the one that delays it; only the asset itself if nothing does."""
        self._settle(made)
        steps: _Chain = []
        step: PipelineAsset | None = made
        while step is not None:
            ready, promise = self._ready[step], self._behind.promise(step)
            slo = promise.slo_seconds if promise else None
            steps.append((step, slo, ready.seconds if ready else 0))
            step = ready.through if ready else None
        return steps

    def _settle(self, made: PipelineAsset) -> None:
        # Iterative, because chains of teams can exceed Python's recursion limit.
        stack, opened = [made], dict[PipelineAsset, _Inputs]()
        while stack:
            top = stack[-1]
            if top in self._ready:
                stack.pop()
            elif top in opened:
                self._ready[top] = self._judged(top, opened[top])
                stack.pop()
            else:
                opened[top] = self._needs(top)
                # A cycle is reported by SCH309: one of its waits is skipped here.
                stack += [need for need, _ in opened[top] if need not in opened]

    def _judged(self, made: PipelineAsset, needs: _Inputs) -> _Ready | None:
        promise = self._behind.promise(made)
        slo = promise.slo_seconds if promise else None
        latest = _Ready(slo, None) if slo is not None else None
        for need, lag in needs:
            ready = self._ready.get(need)
            if ready is not None and (latest is None or ready.seconds + lag > latest.seconds):
                latest = _Ready(ready.seconds + lag, need)
        return latest

    def _needs(self, made: PipelineAsset) -> _Inputs:
        if self._behind.promise(made) is None:
            return []
        own = self._entries[made.team].pipelines[made.pipeline]
        needs = [
            (need, wait_lag_seconds(own, self._entries[need.team].pipelines[need.pipeline]))
            for need in sorted(self._behind.of(made))
            if self._behind.promise(need)
        ]
        return needs + [(need, 0) for need in self._inside(made)]

    def _inside(self, made: PipelineAsset) -> Iterator[PipelineAsset]:
        """The asset with the latest SLO among its upstream assets in the same DAG, from the team's entry."""
        asset = self._entries[made.team].produced[made.asset].held_up_by.get(made.pipeline)
        need = PipelineAsset(made.team, asset, made.pipeline) if asset is not None else None
        if need and self._behind.promise(need):
            yield need


PLUGIN = Check(across=check_across)
