"""The folder of modules that dbt imports from its path, for what it has no option for."""

import os
from collections.abc import Mapping
from pathlib import Path

import dbt_scheduler

PLUGINS = Path(dbt_scheduler.__file__).parent / "dbt" / "plugin"
"""The folder."""


def on_path(env: Mapping[str, str]) -> dict[str, str]:
    """``PYTHONPATH`` with the folder first, as a variable to add to ``env``."""
    before = env.get("PYTHONPATH", os.environ.get("PYTHONPATH", "")).split(os.pathsep)
    return {"PYTHONPATH": os.pathsep.join(dict.fromkeys([str(PLUGINS), *filter(None, before)]))}
