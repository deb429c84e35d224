"""The folder of a ``file:`` registry, which is not a fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def registry(tmp_path: Path, _: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty registry."""
    folder = tmp_path / "registry"
    folder.mkdir()
    yield folder.as_uri()
