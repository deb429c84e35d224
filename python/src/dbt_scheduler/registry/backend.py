"""The interface of a registry store: versioned raw documents, and its errors."""

from collections.abc import Callable
from typing import ClassVar, Protocol

import msgspec

MOST_BYTES = 50_000_000
"""The maximum size of one document, twice that of a team with 10,000 models: every reader reads all documents."""

TOO_LONG = f"it is larger than {MOST_BYTES:,} bytes"


class RegistryError(Exception):
    """The registry could not be used; the message gives the reason."""


class RegistryUnreadableError(RegistryError):
    """The registry, or a team's entry, exists but cannot be read.

    ``hint`` says how to fix an entry that is not published yet; None: compile it again.
    """

    hint: ClassVar[str | None] = None


class NewerFormatError(RegistryUnreadableError):
    """The entry was written by a newer release, so this release must not replace it."""

    hint = "publish it with the release that compiled it, or compile again with this release"


class TooLargeError(RegistryUnreadableError):
    """The entry exceeds the limits that readers rely on."""

    hint = "split the team into two, each with its own dbt project or external_assets.yaml"


class RegistryUnwritableError(RegistryError):
    """An entry cannot be written; the existing entry is unchanged."""


class ChangedError(Exception):
    """The document was changed since it was read."""


class StoredDocument(msgspec.Struct, frozen=True):
    """A team's stored document. Its version is opaque and changes with the content."""

    content: bytes
    version: str


class Backend(Protocol):
    """Stores one document per team. Reads are atomic: they return the old or the new document.

    ``remote`` stores are read in parallel within a time budget, and their documents are cached.
    """

    remote: ClassVar[bool]

    def versions(self) -> dict[str, str | None] | None:
        """The teams that have a document, with its version if the listing returns it.

        None if the store can tell that the registry does not exist yet.

        Raises:
            RegistryUnreadableError: the listing cannot be read.

        """

    def get(self, team: str) -> StoredDocument | None:
        """One team's document; None if there is none.

        Raises:
            RegistryUnreadableError: it cannot be read.

        """

    def put(self, team: str, content: bytes, version: str | None) -> None:
        """Replace the version that was read; None: there must be no document yet.

        Raises:
            ChangedError: the document was changed in the meantime; nothing was written.
            RegistryUnwritableError: it cannot be written; the existing document is unchanged.

        """

    def place(self, team: str) -> str:
        """The path or URL of a team's document for messages; it contains ``TEAM.json``."""


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """A URL scheme: its description, with examples.

    ``open`` raises ValueError with a message for a URL that it cannot use. ``extra`` is the extra of this package that
    it requires.
    """

    description: str
    examples: tuple[str, ...]
    open: Callable[[str], Backend]
    extra: str | None = None
