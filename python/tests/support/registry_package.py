"""Reads the dbt package with the registry, without dbt."""

import json
from pathlib import Path

from jinja2.sandbox import SandboxedEnvironment


def rendered(folder: Path) -> object:
    """The value that the macro returns; with dbt, ``return`` and ``fromjson`` do the same."""
    returned = []
    env = SandboxedEnvironment(extensions=["jinja2.ext.do"])
    text = (folder / "macros" / "snapshot.sql").read_text() + "{{ snapshot() }}"
    words = {"return": lambda value: returned.append(value) or "", "fromjson": json.loads}
    assert env.from_string(text).render(**words).strip() == ""
    return returned[0]
