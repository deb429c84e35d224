"""What all stores share: the promise they make, and the encoding of a team's document."""

import re
from typing import Protocol

import msgspec

from dbt_scheduler.errors import Finding
from dbt_scheduler.registry import FORMAT_VERSION, Entry

_TEAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,199}")


class RegistryUnreadableError(Exception):
    """The registry, or one team's entry, is there but cannot be read; the text says why."""


class Reading(msgspec.Struct, frozen=True):
    """All entries that could be read, by team, and a finding for each that could not."""

    entries: dict[str, Entry]
    findings: tuple[Finding, ...]


class Store(Protocol):
    """A registry: one document per team. Readers see whole documents, the old one or the new one."""

    def teams(self) -> tuple[str, ...]:
        """The teams that have an entry, sorted; a registry that does not exist yet has none.

        Raises:
            RegistryUnreadableError: the listing cannot be read.

        """

    def read(self, team: str) -> Entry | None:
        """One team's entry; None if it has none.

        Raises:
            RegistryUnreadableError: the entry cannot be read.

        """

    def read_all(self) -> Reading:
        """Every team's entry; one that cannot be read is a finding and hides no other.

        Raises:
            RegistryUnreadableError: the listing cannot be read.

        """

    def write(self, team: str, entry: Entry) -> None:
        """Replace one team's entry.

        Raises:
            OSError: it cannot be written; what was there is still whole.

        """


class _Head(msgspec.Struct):
    format_version: int


def is_team(name: str) -> bool:
    """Whether a name can be a team's, and so a document's: nothing in it leads out of the registry."""
    return bool(_TEAM.fullmatch(name))


def encode(team: str, entry: Entry) -> bytes:
    """The document of a team: the same bytes for the same entry."""
    return msgspec.json.format(msgspec.json.encode({team: entry}, order="sorted"), indent=2) + b"\n"


def decode(team: str, content: bytes) -> Entry:
    """The entry in a team's document.

    Raises:
        RegistryUnreadableError: it is not whole, not that team's, or in a newer format.

    """
    try:
        heads = _HEAD_DECODER.decode(content)
        if team not in heads:
            raise RegistryUnreadableError("it is another team's")
        version = heads[team].format_version
        if version != FORMAT_VERSION:
            raise RegistryUnreadableError(
                f"it has format_version {version}, this release reads {FORMAT_VERSION}"
            )
        return _DECODER.decode(content)[team]
    except msgspec.ValidationError as error:
        place = str(error).rpartition(" - at ")[2].strip("`") if " - at " in str(error) else "its top level"
        raise RegistryUnreadableError(f"it is no registry entry: wrong at {place}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        cut_off = "truncated" in str(error)
        raise RegistryUnreadableError("it ends in the middle" if cut_off else "it is not JSON") from None


_HEAD_DECODER = msgspec.json.Decoder(dict[str, _Head])
_DECODER = msgspec.json.Decoder(dict[str, Entry])
