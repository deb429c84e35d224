"""The bucket of a ``gs:`` registry, for the tests of all schemes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fake_gcs import FakeGcs


@contextmanager
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty registry."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with FakeGcs("bucket").serving() as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        yield "gs://bucket/a/registry"
