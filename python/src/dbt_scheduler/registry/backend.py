"""What a scheme implements: the raw documents of a registry, each with a version, and how that can fail."""

from collections.abc import Callable
from typing import ClassVar, Protocol

import msgspec

MOST_BYTES = 50_000_000
"""Of one document. Twice as much as a team of 10,000 models has: everybody reads everybody's documents."""

TOO_LONG = f"it has more than {MOST_BYTES:,} bytes"


class RegistryError(Exception):
    """The registry could not be used; the text says why, in words for people."""


class RegistryUnreadableError(RegistryError):
    """The registry, or one team's entry, is there but cannot be read.

    ``hint`` is what to do about an entry that has not been published yet, if not to compile it again.
    """

    hint: ClassVar[str | None] = None


class NewerFormatError(RegistryUnreadableError):
    """The entry was written by a newer release: it is whole, and not ours to replace."""

    hint = "publish it with the release that has compiled it, or compile again with this one"


class TooLargeError(RegistryUnreadableError):
    """The entry says more than all who read it can work with."""

    hint = "split the team in two, each with a dbt project or an external_assets.yaml of its own"


class RegistryUnwritableError(RegistryError):
    """An entry cannot be written; what was there is still whole."""


class ChangedError(Exception):
    """Somebody else was faster: the document is no longer the version that was read."""


class StoredDocument(msgspec.Struct, frozen=True):
    """A team's document as it lies there. Its version is opaque and differs whenever the content does."""

    content: bytes
    version: str


class Backend(Protocol):
    """One document per team. Whoever reads one gets a whole one, the old or the new.

    ``remote`` ones are asked side by side, within a time budget, and what was read is kept in a cache.
    """

    remote: ClassVar[bool]

    def versions(self) -> dict[str, str | None] | None:
        """The teams that have a document, each with its version where listing them tells it.

        None, where that differs from an empty one: the registry does not exist yet.

        Raises:
            RegistryUnreadableError: the listing cannot be read.

        """

    def get(self, team: str) -> StoredDocument | None:
        """One team's document; None if there is none.

        Raises:
            RegistryUnreadableError: it cannot be read.

        """

    def put(self, team: str, content: bytes, version: str | None) -> None:
        """Replace the version that was read; None: there must be none yet.

        Raises:
            ChangedError: it is another version by now. Nothing was written.
            RegistryUnwritableError: it cannot be written. What was there is still whole.

        """

    def place(self, team: str) -> str:
        """Where the document is, as people write it; ``TEAM.json`` is in it."""


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of a scheme: what its URLs mean, with examples.

    ``open`` raises ValueError, with words for people, for a URL that it cannot use. ``extra`` is this package's, with
    what the scheme needs to be installed.
    """

    description: str
    examples: tuple[str, ...]
    open: Callable[[str], Backend]
    extra: str | None = None
