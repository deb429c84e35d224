"""Reads and writes registry entries, independent of the URL scheme."""

from collections.abc import Iterator
from functools import partial

import msgspec

from dbt_scheduler.findings.catalogue.registry import SCH409
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.registry.backend import (
    MOST_BYTES,
    TOO_LONG,
    Backend,
    ChangedError,
    NewerFormatError,
    RegistryUnreadableError,
    RegistryUnwritableError,
    StoredDocument,
)
from dbt_scheduler.registry.cache import Cache
from dbt_scheduler.registry.encoding import decode_entry, encode_entry, is_team
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.registry.parallel import ParallelCalls, parallel_calls

_NEWER = "upgrade dbt-scheduler"


class RegistryContents(msgspec.Struct, frozen=True):
    """All readable entries by team, and a finding for each unreadable one.

    ``versions`` includes unreadable documents; ``newer`` are teams whose document has a later format. ``missing``: the
    registry is known not to exist yet.
    """

    entries: dict[str, Entry]
    findings: tuple[Finding, ...]
    versions: dict[str, str] = {}
    newer: frozenset[str] = frozenset()
    missing: bool = False

    @property
    def unreadable(self) -> frozenset[str]:
        """The teams whose entry cannot be read, so that their assets are unknown."""
        return frozenset(finding.subject for finding in self.findings)


class _Loaded(msgspec.Struct, frozen=True):
    team: str
    version: str | None
    entry: Entry | None = None
    problem: str = ""
    newer: bool = False


class Store:
    """A registry with one document per team. Reads are atomic."""

    def __init__(self, backend: Backend, cache: Cache, seconds: float) -> None:
        self._backend = backend
        self._cache = cache
        self._seconds = seconds

    def read(self, team: str) -> Entry | None:
        """One team's entry; None if it has none.

        Raises:
            RegistryUnreadableError: the entry cannot be read, or not in time.

        """
        if not is_team(team):
            return None
        with parallel_calls(self._seconds, remote=self._backend.remote) as calls:
            document = calls.one(partial(self._backend.get, team))
        return None if document is None else decode_entry(team, document.content)

    def read_all(self) -> RegistryContents:
        """Every team's entry; an unreadable one is a finding and does not affect others.

        Raises:
            RegistryUnreadableError: the listing cannot be read, or not in time.

        """
        with parallel_calls(self._seconds, remote=self._backend.remote) as calls:
            listed = calls.one(self._backend.versions)
            listing = {team: listed[team] for team in sorted(listed) if is_team(team)} if listed else {}
            found = tuple(self._load_each(calls, listing))
        reading = RegistryContents(
            {each.team: each.entry for each in found if each.entry is not None},
            tuple(self._finding(each) for each in found if each.problem),
            {each.team: each.version for each in found if each.version is not None},
            frozenset(each.team for each in found if each.newer),
            missing=listed is None,
        )
        if self._backend.remote:
            self._cache.keep_only(reading.versions)
        return reading

    def replace(self, team: str, entry: Entry, version: str | None) -> None:
        """Replace the version of a team's entry that was read; None: there must be no entry yet.

        Raises:
            ChangedError: it was changed in the meantime, to a different entry; nothing was written.
            RegistryError: it cannot be written; the existing entry is unchanged.

        """
        if not is_team(team):
            raise ValueError(f"{team!r} is not a valid team name")
        content = encode_entry(team, entry)
        if len(content) > MOST_BYTES:
            raise RegistryUnwritableError(TOO_LONG)
        try:
            self._backend.put(team, content, version)
        except ChangedError:
            # A retried write whose response was lost finds its own document.
            current = self._backend.get(team)
            if current is None or current.content != content:
                raise

    def place(self, team: str) -> str:
        """The path or URL of a team's document, for messages."""
        return self._backend.place(team)

    def _load_each(self, calls: ParallelCalls, listing: dict[str, str | None]) -> Iterator[_Loaded]:
        loaded = calls.each(lambda team: self._load(team, listing[team]), listing)
        for team, each in zip(listing, loaded, strict=True):
            if isinstance(each, TimeoutError):
                yield _Loaded(
                    team,
                    listing[team],
                    problem=f"no response within {format_count(self._seconds, 'second')}",
                )
            else:
                yield each

    def _load(self, team: str, version: str | None) -> _Loaded:
        if version is not None and (entry := self._cached(team, version)) is not None:
            return _Loaded(team, version, entry)
        document: StoredDocument | None = None
        try:
            document = self._backend.get(team)
            if document is None:  # deleted since it was listed
                return _Loaded(team, None)
            entry = decode_entry(team, document.content)
        except RegistryUnreadableError as error:
            known = document.version if document else version
            return _Loaded(team, known, problem=str(error), newer=isinstance(error, NewerFormatError))
        if self._backend.remote:
            self._cache.put(team, document.version, document.content)
        return _Loaded(team, document.version, entry)

    def _cached(self, team: str, version: str) -> Entry | None:
        content = self._cache.get(team, version)
        try:
            return None if content is None else decode_entry(team, content)
        except RegistryUnreadableError:
            return None

    def _finding(self, each: _Loaded) -> Finding:
        return SCH409.at(
            self._backend.place(each.team),
            subject=each.team,
            hint=_NEWER if each.newer else None,
            team=each.team,
            problem=each.problem,
        )
