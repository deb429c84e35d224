"""Publishes compiled entries, after checking them against the current registry."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from dbt_scheduler.findings.catalogue.assets import SCH309, SCH318, SCH319
from dbt_scheduler.findings.catalogue.identity import SCH331, SCH332
from dbt_scheduler.findings.catalogue.registry import SCH413, SCH415
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.registry.backend import ChangedError, RegistryError
from dbt_scheduler.registry.candidates import Candidate
from dbt_scheduler.registry.dag_ids import TakenDagId, taken_ids
from dbt_scheduler.registry.entry import (
    Entry,
    find_produced,
    full_task_id,
    is_of_other_project,
)
from dbt_scheduler.registry.publishers import (
    Publishers,
    project_problem,
    repository_problem,
    same_but_for_case,
)
from dbt_scheduler.registry.store import RegistryContents, Store
from dbt_scheduler.registry.upstream import find_cycles_behind, format_cycle


class PublishResult(msgspec.Struct, frozen=True):
    """The result: written teams, unchanged teams, and teams that were not written.

    ``finding`` is the reason for the latter; ``failed`` is true if the registry could not be written.
    """

    written: tuple[str, ...]
    same: tuple[str, ...]
    left: tuple[str, ...] = ()
    finding: Finding | None = None
    failed: bool = False


def check_candidates(
    candidates: Sequence[Candidate],
    reading: RegistryContents,
    listed: Collection[str] = (),
    platform_prefix: str = "",
) -> tuple[Finding, ...]:
    """Findings that prevent publishing these entries to the registry that was read, in a stable order.

    ``listed`` are the teams of ``platform.yaml``, ``platform_prefix`` is its ``airflow.dag_prefix``.
    """
    unreadable = {finding.subject: finding for finding in reading.findings}
    entries = {**reading.entries, **{candidate.team: candidate.entry for candidate in candidates}}
    names = {*entries, *reading.versions}
    for candidate in candidates:
        unreadable.pop(candidate.team, None)
    found = [
        finding
        for candidate in candidates
        for finding in (
            *_beside(candidate, names),
            *_misplaced(candidate, reading),
            *_not_its_own(candidate, taken_ids(candidate.team, entries, listed, platform_prefix)),
            *_unproven(candidate, entries, unreadable),
        )
    ]
    found += _cycle_findings({candidate.team: candidate.path for candidate in candidates}, entries)
    return tuple(sorted(dict.fromkeys(found), key=Finding.sort_key))


def check_publishers(
    candidates: Sequence[Candidate], publishers: Publishers | None, repository: str | None
) -> tuple[Finding, ...]:
    """The entries that this repository is not allowed to publish; ``repository`` is None outside of a CI job."""
    return tuple(
        SCH331.at(candidate.path, subject=candidate.team, team=candidate.team, problem=problem)
        for candidate in candidates
        for problem in (
            project_problem(candidate.team, candidate.entry.project_name, publishers),
            repository_problem(candidate.team, repository, publishers),
        )
        if problem
    )


def write_candidates(
    candidates: Sequence[Candidate], reading: RegistryContents, store: Store
) -> PublishResult:
    """Write entries that ``check_candidates`` accepted; stop at the first that cannot be written."""
    same = tuple(candidate.team for candidate in candidates if _is_there(candidate, reading))
    waiting = [candidate for candidate in candidates if candidate.team not in same]
    written: list[str] = []
    for candidate in waiting:
        try:
            store.replace(candidate.team, candidate.entry, candidate.base)
        except ChangedError:
            finding, failed = _changed(candidate, "published"), False
        except RegistryError as error:
            place = store.place(candidate.team)
            finding, failed = SCH415.at(place, subject=candidate.team, problem=str(error)), True
        else:
            written.append(candidate.team)
            continue
        left = tuple(each.team for each in waiting[len(written) :])
        return PublishResult(tuple(written), same, left, finding, failed)
    return PublishResult(tuple(written), same)


def _misplaced(candidate: Candidate, reading: RegistryContents) -> Iterator[Finding]:
    """Findings about an entry and its own team's published entry."""
    published = reading.entries.get(candidate.team)
    if candidate.team in reading.newer:
        yield from (finding for finding in reading.findings if finding.subject == candidate.team)
    elif published is not None and is_of_other_project(published, candidate.entry):
        names = {"other": published.project_name, "project": candidate.entry.project_name}
        yield SCH318.at(candidate.path, subject=candidate.team, team=candidate.team, **names)
    elif not _is_there(candidate, reading) and reading.versions.get(candidate.team) != candidate.base:
        yield _changed(candidate, "published" if candidate.team in reading.versions else "removed")


def _beside(candidate: Candidate, names: Iterable[str]) -> Iterator[Finding]:
    other = same_but_for_case(candidate.team, names)
    if other:
        yield SCH332.at(candidate.path, subject=candidate.team, team=candidate.team, other=other)


def _is_there(candidate: Candidate, reading: RegistryContents) -> bool:
    return reading.entries.get(candidate.team) == candidate.entry


def _changed(candidate: Candidate, what: str) -> Finding:
    return SCH413.at(candidate.path, subject=candidate.team, team=candidate.team, what=what)


def _not_its_own(candidate: Candidate, ids: Iterable[TakenDagId]) -> Iterator[Finding]:
    """Findings about dag_ids that another team also uses: it may have been published since compilation."""
    for taken in ids:
        yield taken.rule.at(candidate.path, subject=taken.subject, **taken.words)


def _cycle_findings(paths: Mapping[str, str], entries: Mapping[str, Entry]) -> Iterator[Finding]:
    """Dependency cycles through these entries: projects may have been compiled separately."""
    for loop in find_cycles_behind(entries, paths):
        path = next((paths[step.team] for step in loop if step.team in paths), None)
        if path is not None:
            yield SCH309.at(path, subject=loop[0].name, loop=format_cycle(loop, entries))


def _unproven(
    candidate: Candidate, entries: Mapping[str, Entry], unreadable: Mapping[str, Finding]
) -> Iterator[Finding]:
    """Assets of other teams that the entry reads and that are not available."""
    for team, assets in candidate.entry.consumed.items():
        if team == candidate.team:
            continue
        if team in unreadable:
            yield unreadable[team]
            continue
        producer = entries.get(team)
        for asset, readers in assets.items():
            problem = _missing(producer, asset)
            for reader in readers if problem else ():
                yield SCH319.at(
                    candidate.path,
                    subject=asset,
                    task=full_task_id(reader.task_group, reader.task_id),
                    pipeline=reader.pipeline,
                    asset=asset,
                    team=team,
                    problem=problem,
                    contact=(producer.contact.channel if producer else None) or team,
                )


def _missing(producer: Entry | None, asset: str) -> str:
    if producer is None:
        return "is not in the registry"
    found = find_produced(producer, asset)
    if found is None:
        return "no longer builds it"
    return "" if found[1].exposed else "no longer exposes it"
