"""Puts compiled entries into the registry: checked against what is there now, and never over another's."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from dbt_scheduler.catalogue.assets import SCH309, SCH318, SCH319
from dbt_scheduler.catalogue.identity import SCH331, SCH332
from dbt_scheduler.catalogue.inputs import SCH401, SCH413, SCH414, SCH415
from dbt_scheduler.dag_ids import taken_ids
from dbt_scheduler.errors import CannotRunError, Finding
from dbt_scheduler.needs import circle_words, circles_behind, team_of
from dbt_scheduler.publishers import Publishers, project_problem, repository_problem, same_but_for_case
from dbt_scheduler.registry import (
    Base,
    Entry,
    find_produced,
    full_task_id,
    others_entry,
)
from dbt_scheduler.stores import (
    ChangedError,
    Reading,
    RegistryError,
    RegistryUnreadableError,
    Store,
    decode_entry,
    is_team,
)

_BASES = msgspec.json.Decoder(dict[str, Base])


class Offer(msgspec.Struct, frozen=True):
    """A team's compiled entry, and the version of the published one that it was compiled against."""

    team: str
    path: str
    entry: Entry
    base: str | None


class Published(msgspec.Struct, frozen=True):
    """What came of it: the teams that were written, those that were already there, those that were not written.

    ``finding`` says why there are any of the last; ``failed`` is true when the registry could not be written.
    """

    written: tuple[str, ...]
    same: tuple[str, ...]
    left: tuple[str, ...] = ()
    finding: Finding | None = None
    failed: bool = False


def load_offers(out: Path) -> tuple[tuple[Offer, ...], tuple[Finding, ...]]:
    """The entries in a folder that ``compile`` wrote, by team, and what is wrong with the others.

    Raises:
        CannotRunError: there are none.

    """
    offers, findings = [], []
    for path in sorted((out / "registry").glob("[!.]*.json")):
        try:
            entry, base = _load_entry(path), _load_base(out / "base" / path.name)
            offers.append(Offer(path.stem, str(path), entry, base))
        except RegistryUnreadableError as error:
            findings.append(SCH414.at(str(path), subject=path.stem, problem=str(error)))
    if not offers and not findings:
        hint = f"run `dbt-scheduler compile --out {out}` first"
        raise CannotRunError.because(SCH401.at(str(out / "registry" / "*.json"), hint=hint))
    return tuple(offers), tuple(findings)


def doubtful(offers: Sequence[Offer]) -> tuple[str, ...]:
    """Sentences about teams of one dbt project: what a renamed team was is still where it was compiled.

    Nothing tells a renamed project from a second one that is called the same, which is legal.
    """
    teams: dict[str, list[str]] = defaultdict(list)
    for offer in offers:
        if offer.entry.project_name is not None:
            teams[offer.entry.project_name].append(offer.team)
    return tuple(
        f'{" and ".join(names)} are of the same dbt project "{project}": if it is one team that was renamed, '
        "compile into an empty folder, and publish that"
        for project, names in sorted(teams.items())
        if len(names) > 1
    )


def check_offers(
    offers: Sequence[Offer], reading: Reading, listed: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Why these entries cannot all go into a registry that is as it was read, in a stable order.

    ``listed`` are the teams of ``platform.yaml``.
    """
    unreadable = {finding.subject: finding for finding in reading.findings}
    entries = {**reading.entries, **{offer.team: offer.entry for offer in offers}}
    names = {*entries, *reading.versions}
    for offer in offers:
        unreadable.pop(offer.team, None)
    found = [
        finding
        for offer in offers
        for finding in (
            *_beside(offer, names),
            *_misplaced(offer, reading),
            *_not_its_own(offer, entries, listed),
            *_unproven(offer, entries, unreadable),
        )
    ]
    found += _circles({offer.team: offer.path for offer in offers}, entries)
    return tuple(sorted(dict.fromkeys(found), key=Finding.sort_key))


def check_publishers(
    offers: Sequence[Offer], publishers: Publishers | None, repository: str | None
) -> tuple[Finding, ...]:
    """Which of these entries are not for this repository to publish; None: this is no CI job of one."""
    return tuple(
        SCH331.at(offer.path, subject=offer.team, team=offer.team, problem=problem)
        for offer in offers
        for problem in (
            project_problem(offer.team, offer.entry.project_name, publishers),
            repository_problem(offer.team, repository, publishers),
        )
        if problem
    )


def write_offers(offers: Sequence[Offer], reading: Reading, store: Store) -> Published:
    """Write what ``check_offers`` has nothing against. The first that cannot be written ends it."""
    same = tuple(offer.team for offer in offers if _is_there(offer, reading))
    waiting = [offer for offer in offers if offer.team not in same]
    written: list[str] = []
    for offer in waiting:
        try:
            store.replace(offer.team, offer.entry, offer.base)
        except ChangedError:
            finding, failed = _changed(offer, "published"), False
        except RegistryError as error:
            place = store.place(offer.team)
            finding, failed = SCH415.at(place, subject=offer.team, problem=str(error)), True
        else:
            written.append(offer.team)
            continue
        left = tuple(each.team for each in waiting[len(written) :])
        return Published(tuple(written), same, left, finding, failed)
    return Published(tuple(written), same)


def _load_entry(path: Path) -> Entry:
    if not is_team(path.stem):
        raise RegistryUnreadableError(f'"{path.stem}" cannot be the name of a team')
    try:
        return decode_entry(path.stem, path.read_bytes())
    except OSError as error:
        raise RegistryUnreadableError((error.strerror or "it cannot be read").lower()) from None


def _load_base(path: Path) -> str | None:
    try:
        return _BASES.decode(path.read_bytes())[path.stem].version
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, KeyError, RecursionError):
        raise RegistryUnreadableError(f"{path} does not say what it was compiled against") from None


def _misplaced(offer: Offer, reading: Reading) -> Iterator[Finding]:
    """What is against an entry in its own team's place."""
    published = reading.entries.get(offer.team)
    if offer.team in reading.newer:
        yield from (finding for finding in reading.findings if finding.subject == offer.team)
    elif published is not None and others_entry(published, offer.entry):
        names = {"other": published.project_name, "project": offer.entry.project_name}
        yield SCH318.at(offer.path, subject=offer.team, team=offer.team, **names)
    elif not _is_there(offer, reading) and reading.versions.get(offer.team) != offer.base:
        yield _changed(offer, "published" if offer.team in reading.versions else "removed")


def _beside(offer: Offer, names: Iterable[str]) -> Iterator[Finding]:
    other = same_but_for_case(offer.team, names)
    if other:
        yield SCH332.at(offer.path, subject=offer.team, team=offer.team, other=other)


def _is_there(offer: Offer, reading: Reading) -> bool:
    return reading.entries.get(offer.team) == offer.entry


def _changed(offer: Offer, what: str) -> Finding:
    return SCH413.at(offer.path, subject=offer.team, team=offer.team, what=what)


def _not_its_own(offer: Offer, entries: Mapping[str, Entry], listed: Collection[str]) -> Iterator[Finding]:
    """Each dag_id that another team has too: it may have been published since this was compiled."""
    for taken in taken_ids(offer.team, entries, listed):
        yield taken.rule.at(offer.path, subject=taken.subject, **taken.words)


def _circles(paths: Mapping[str, str], entries: Mapping[str, Entry]) -> Iterator[Finding]:
    """Each circle that goes through what is offered: neither half of it may have seen the other."""
    for loop in circles_behind(entries, paths):
        path = next((paths[team] for team in map(team_of, loop) if team in paths), None)
        if path is not None:
            subject = loop[0].partition(" ")[0]
            yield SCH309.at(path, subject=subject, loop=circle_words(loop, entries))


def _unproven(
    offer: Offer, entries: Mapping[str, Entry], unreadable: Mapping[str, Finding]
) -> Iterator[Finding]:
    """What the entry reads of other teams and is not there for it to read."""
    for team, assets in offer.entry.consumed.items():
        if team == offer.team:
            continue
        if team in unreadable:
            yield unreadable[team]
            continue
        producer = entries.get(team)
        for asset, readers in assets.items():
            problem = _missing(producer, asset)
            for reader in readers if problem else ():
                yield SCH319.at(
                    offer.path,
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
        return "no longer makes it"
    return "" if found[1].exposed else "no longer exposes it"
