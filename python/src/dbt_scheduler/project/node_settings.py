"""A dbt node's ``meta.scheduler``: validated, merged with the folder defaults, and typed."""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from dbt_scheduler.config.schema.validation import Violation, validate, whole_numbers
from dbt_scheduler.schedule.durations import duration_seconds

DEFAULTS = "scheduler_defaults"
META_KEYS = (DEFAULTS, "scheduler")
"""Our keys of a node's ``meta``, in ascending order of precedence."""


class NodeSettings(msgspec.Struct, frozen=True):
    """The settings of a node; None means the platform's default.

    ``settings`` are the keys that the place where dbt runs defines.
    """

    pipelines: tuple[str, ...] = ()
    group: str | None = None
    owners: tuple[str, ...] = ()
    retries: int | None = None
    timeout: dict[str, int] | None = None
    queue: str | None = None
    pool: str | None = None
    priority: int | None = None
    dependencies: dict[str, str] = {}
    settings: dict[str, object] = {}

    @property
    def timeout_seconds(self) -> int | None:
        """The timeout in seconds."""
        return None if self.timeout is None else duration_seconds(self.timeout)


class SettingsProblem(msgspec.Struct, frozen=True):
    """A problem in one of the two keys; ``path`` is relative to ``meta``."""

    path: tuple[str | int, ...]
    violation: Violation


def read_settings(meta: Mapping[str, object]) -> tuple[NodeSettings, tuple[SettingsProblem, ...]]:
    """The valid settings of a ``meta``, and its problems."""
    ours = {key: meta[key] for key in META_KEYS if meta.get(key) is not None}
    return _read(msgspec.json.encode(ours)) if ours else _NO_SETTINGS


_NO_SETTINGS: tuple[NodeSettings, tuple[SettingsProblem, ...]] = (NodeSettings(), ())


@lru_cache(maxsize=10_000)
def _read(content: bytes) -> tuple[NodeSettings, tuple[SettingsProblem, ...]]:
    """Read our keys of a ``meta``, given as JSON. Cached: thousands of nodes share few distinct values."""
    merged: dict[str, object] = {}
    problems: list[SettingsProblem] = []
    for key, value in msgspec.json.decode(content, type=dict[str, object]).items():
        found = validate("meta_scheduler", value)
        problems += [SettingsProblem((key, *violation.path), violation) for violation in found]
        if isinstance(value, dict) and all(violation.path for violation in found):
            wrong = {violation.path[0] for violation in found}
            merged |= {name: part for name, part in value.items() if name not in wrong}
    merged = whole_numbers(merged)
    own = {name: merged.pop(name) for name in [*merged] if name not in NodeSettings.__struct_fields__}
    return msgspec.convert({**merged, "settings": own}, NodeSettings), tuple(problems)
