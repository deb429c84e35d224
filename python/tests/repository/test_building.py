"""What pip builds from this repository has all that the command needs."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from goldens import ROOT

SCHEMAS = sorted(path.name for path in (ROOT / "schemas").glob("*.json"))
PAGES = ["app.css", "app.js", "index.html"]


def test_wheel_has_the_schemas_and_the_pages(tmp_path: Path) -> None:
    wheel = _build("wheel", ROOT / "python", tmp_path)
    assert (_names_in(wheel, "schemas"), _names_in(wheel, "site/bundle")) == (SCHEMAS, PAGES)


def test_wheel_of_an_sdist_has_the_schemas_and_the_pages_too(tmp_path: Path) -> None:
    with tarfile.open(_build("sdist", ROOT / "python", tmp_path)) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    wheel = _build("wheel", unpacked, tmp_path)
    assert (_names_in(wheel, "schemas"), _names_in(wheel, "site/bundle")) == (SCHEMAS, PAGES)


def _build(what: str, folder: Path, out: Path) -> Path:
    """What a build front end such as pip gets from the package's own build system."""
    code = f"from hatchling.build import build_{what}; print(build_{what}({str(out)!r}))"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(done.stderr)
    return out / done.stdout.split()[-1]


def _names_in(wheel: Path, folder: str) -> list[str]:
    with zipfile.ZipFile(wheel) as files:
        below = f"dbt_scheduler/{folder}/"
        return sorted(Path(name).name for name in files.namelist() if name.startswith(below))
