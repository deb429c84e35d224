"""Adds the schemas and the CI files to wheels and sdists, from the root of the repository or from an unpacked sdist."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Schemas(BuildHookInterface):
    """The build hook in pyproject.toml; not for editable installs, which read the files from the repository."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folders to the files of a wheel or an sdist."""
        if version == "editable":
            return
        root = Path(self.root)
        unpacked = root / "schemas"
        source = unpacked if unpacked.is_dir() else root.parent / "schemas"
        target = "dbt_scheduler/schemas" if self.target_name == "wheel" else "schemas"
        build_data["force_include"][str(source)] = target
        unpacked = root / "ci"
        source = unpacked if unpacked.is_dir() else root.parent / "docs" / "ci"
        build_data["force_include"][str(source)] = "dbt_scheduler/ci" if self.target_name == "wheel" else "ci"
