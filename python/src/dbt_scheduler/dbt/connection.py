"""The connection in profiles.yml without secrets: Jinja can read it as ``target`` while parsing."""

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from dbt.adapters.factory import load_plugin
from dbt.cli.resolvers import default_profiles_dir
from dbt.config.profile import Profile, read_profile
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context


class Connection(NamedTuple):
    """A target of a profile; the digest covers the values that Jinja can read."""

    profile: str
    target: str
    type: str
    digest: str

    def describe(self) -> dict[str, Any]:
        """The form stored in the index."""
        return dict(self._asdict())


def read_connection(
    profile: str, target: str | None, profiles_dir: str | None, environment: Mapping[str, str]
) -> Connection:
    """The connection of a profile, looked up as dbt does.

    Raises:
        Exception: one of dbt's own, if it is missing or invalid.

    """
    set_invocation_context(dict(environment))
    folder = profiles_dir or _variable("PROFILES_DIR", environment) or os.fspath(default_profiles_dir())
    raw = read_profile(os.fspath(Path(folder).expanduser()))[profile]
    wanted = target or _variable("TARGET", environment)
    name, settings = Profile.render_profile(raw, profile, wanted, ProfileRenderer({}))
    kind = settings.pop("type")
    threads = settings.pop("threads", None)
    plugin = load_plugin(kind)
    readable = dict(plugin.from_dict(plugin.translate_aliases(settings)).connection_info(with_aliases=True))
    text = json.dumps([name, threads, readable], sort_keys=True, default=str)
    return Connection(profile, name, kind, sha256(text.encode()).hexdigest())


def _variable(name: str, environment: Mapping[str, str]) -> str | None:
    return environment.get(f"DBT_ENGINE_{name}") or environment.get(f"DBT_{name}")
