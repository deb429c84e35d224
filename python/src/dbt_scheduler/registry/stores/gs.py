"""A registry in Google Cloud Storage: ``gs://bucket/prefix`` holds one object ``prefix/{team}.json`` per team."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from http.client import HTTPException
from typing import Any, ClassVar

from dbt_scheduler.findings.printable import shown_url
from dbt_scheduler.registry.backend import (
    MOST_BYTES,
    TOO_LONG,
    ChangedError,
    RegistryError,
    RegistryUnreadableError,
    RegistryUnwritableError,
    Scheme,
    StoredDocument,
)

_URL = re.compile(r"gs://(?P<bucket>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?P<path>(?:/[A-Za-z0-9._~=+-]+)*)")
_PIP = "pip install 'dbt-scheduler[gs]'"
_LOGIN = "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS"

# In seconds: to connect and between two bytes of a response; then until the last retry.
_READ: dict[str, Any] = {"timeout": (3, 5)}
_READ_RETRIES = 6.0
_WRITE: dict[str, Any] = {"timeout": (3, 30)}
_WRITE_RETRIES = 20.0

_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


def _open(url: str) -> "Bucket":
    """The bucket and the prefix of a ``gs:`` URL.

    Raises:
        ValueError: the URL is invalid: percent-encoding, empty segments and ".." are not allowed.

    """
    parts = _URL.fullmatch(url)
    if parts is None or ".." in parts["bucket"] or {".", ".."} & set(parts["path"].split("/")):
        raise ValueError(
            f'"{shown_url(url)}" is not the URL of a bucket: use gs://bucket or gs://bucket/a/prefix, '
            "without a trailing slash"
        )
    return Bucket(parts["bucket"], parts["path"].removeprefix("/"))


class Bucket:
    """One object per team below a prefix; a version is an object's generation."""

    remote: ClassVar[bool] = True

    def __init__(self, bucket: str, prefix: str) -> None:
        self._name = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def versions(self) -> dict[str, str | None]:  # noqa: D102 - as the protocol says
        with self._as_registry_error(RegistryUnreadableError, "read"):
            blobs = self._bucket.list_blobs(
                prefix=self._prefix,
                delimiter="/",
                fields="items(name,generation),nextPageToken",
                retry=_retry(_READ_RETRIES),
                **_READ,
            )
            names = {blob.name.removeprefix(self._prefix): str(blob.generation) for blob in blobs}
        return {name[: -len(".json")]: names[name] for name in names if name.endswith(".json")}

    def get(self, team: str) -> StoredDocument | None:  # noqa: D102
        with self._as_registry_error(RegistryUnreadableError, "read"):
            from google.api_core.exceptions import NotFound  # noqa: PLC0415 - optional, and slow to import

            blob = self._bucket.blob(self._object(team))
            try:
                blob.download_to_file(content := _Bounded(), retry=_retry(_READ_RETRIES), **_READ)
            except NotFound:
                return None
            except _TooLongError:
                raise RegistryUnreadableError(TOO_LONG) from None
            # From the same response as the content, so both match.
            return StoredDocument(content.getvalue(), str(blob.generation))

    def put(self, team: str, content: bytes, version: str | None) -> None:  # noqa: D102
        with self._as_registry_error(RegistryUnwritableError, "write"):
            from google.api_core.exceptions import PreconditionFailed  # noqa: PLC0415

            blob = self._bucket.blob(self._object(team))
            # Otherwise, a public bucket would return cached content for an hour.
            blob.cache_control = "no-store"
            try:
                blob.upload_from_string(
                    content,
                    content_type="application/json",
                    if_generation_match=int(version or 0),  # 0: there is no object yet
                    retry=_retry(_WRITE_RETRIES),
                    **_WRITE,
                )
            except PreconditionFailed:
                raise ChangedError from None

    def place(self, team: str) -> str:  # noqa: D102
        return f"gs://{self._name}/{self._object(team)}"

    def _object(self, team: str) -> str:
        return f"{self._prefix}{team}.json"

    @cached_property
    def _bucket(self) -> Any:  # noqa: ANN401 - the library has no types
        from google.cloud.storage import Client  # noqa: PLC0415

        # Only listing or creating buckets requires a project.
        return Client(project="none").bucket(self._name)

    @contextmanager
    def _as_registry_error(self, refusal: type[RegistryError], verb: str) -> Iterator[None]:
        """Converts the library's exceptions to messages without its texts, which may contain tokens.

        The library itself retries transient errors.
        """
        try:
            from google.api_core.exceptions import GoogleAPIError  # noqa: PLC0415
            from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
            from google.cloud.storage import Client  # noqa: F401, PLC0415 - or it fails further down

            damaged = _data_corruption()
        except ImportError:
            raise refusal(f"a gs: registry requires google-cloud-storage: {_PIP}") from None
        try:
            yield
        except (GoogleAPIError, GoogleAuthError, damaged, OSError, HTTPException) as error:
            raise refusal(self._message(error, verb)) from None

    def _message(self, error: Exception, verb: str) -> str:
        from google.api_core.exceptions import RetryError  # noqa: PLC0415
        from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError  # noqa: PLC0415

        if isinstance(error, RetryError) and isinstance(error.cause, Exception):
            return self._message(error.cause, verb)
        if isinstance(error, DefaultCredentialsError):
            return f"no Google credentials found: {_LOGIN}"
        code = _UNAUTHORIZED if isinstance(error, GoogleAuthError) else _status(error)
        if code is None:
            return "Google Cloud Storage cannot be reached: try again later"
        role = "Storage Object Viewer" if verb == "read" else "Storage Object User"
        known = {
            _UNAUTHORIZED: f"Google rejected the credentials: {_LOGIN}",
            _FORBIDDEN: f"the credentials are not allowed to {verb} gs://{self._name}: ask for the role {role}",
            _NOT_FOUND: f"bucket gs://{self._name} not found",
        }
        return known.get(code, f"Google Cloud Storage returned error {code}: try again later")


class _TooLongError(Exception):
    """The document exceeds the maximum size."""


class _Bounded(io.BytesIO):
    def write(self, data: Any, /) -> int:  # noqa: ANN401 - whatever holds bytes
        written = super().write(data)
        if self.tell() > MOST_BYTES:
            raise _TooLongError
        return written


def _status(error: Exception) -> int | None:
    """The status code of a response, which the library stores in one of two places; None without a response."""
    code = getattr(error, "code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return None if code is None else int(code)


def _data_corruption() -> type[Exception]:
    """The library's exception for a checksum mismatch."""
    try:
        from google.cloud.storage.exceptions import DataCorruption  # noqa: PLC0415
    except ImportError:  # before 3.0
        from google.resumable_media import DataCorruption  # noqa: PLC0415
    damaged: type[Exception] = DataCorruption
    return damaged


def _retry(seconds: float) -> Any:  # noqa: ANN401
    from google.cloud.storage.retry import DEFAULT_RETRY  # noqa: PLC0415

    return DEFAULT_RETRY.with_timeout(seconds)


PLUGIN = Scheme(
    description="Google Cloud Storage: one object `registry/{team}.json` per team",
    examples=("gs://bucket/registry",),
    open=_open,
    extra="gs",
)
