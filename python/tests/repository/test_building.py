"""The packages that pip builds from this repository contain everything that the command needs."""

import os
import re
import shutil
import subprocess
import tarfile
import venv
import zipfile
from pathlib import Path

import yaml

from dbt_scheduler import __version__
from goldens import ROOT
from wheels import build

LOCK = ROOT / "requirements.lock"
SCHEMAS = sorted(path.name for path in (ROOT / "schemas").glob("*.json"))
PAGES = ["app.css", "app.js", "index.html"]


def test_wheel_has_the_schemas_and_the_pages(tmp_path: Path) -> None:
    wheel = build("wheel", ROOT / "python", tmp_path)
    assert (_names_in(wheel, "schemas"), _names_in(wheel, "site/bundle")) == (SCHEMAS, PAGES)


def test_wheel_of_an_sdist_has_the_schemas_and_the_pages_too(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", ROOT / "python", tmp_path)) as sdist:
        assert [each.name for each in sdist if not each.isfile()] == []  # a link would lead out of it
        sdist.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    wheel = build("wheel", unpacked, tmp_path)
    assert (_names_in(wheel, "schemas"), _names_in(wheel, "site/bundle")) == (SCHEMAS, PAGES)
    direct = _contents(build("wheel", ROOT / "python", tmp_path / "direct"))
    assert _contents(wheel) == direct
    (metadata,) = (content for name, content in direct.items() if name.endswith("/METADATA"))
    described = (unpacked / "PKG-INFO").read_bytes()
    assert metadata.startswith(b"Metadata-Version: 2.4\n")
    assert metadata == described


def test_the_licence_is_that_of_the_repository() -> None:
    assert (ROOT / "python" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_wheel_works_where_nothing_of_this_repository_is(tmp_path: Path) -> None:
    """In an empty environment with the dependencies of the package, at the locked versions."""
    wheel = build("wheel", ROOT / "python", tmp_path)
    pins = tmp_path / "pins.txt"
    pins.write_text("\n".join(re.findall(r"^[\w.-]+==[\w.]+", LOCK.read_text(), re.MULTILINE)))
    venv.create(tmp_path / "venv", with_pip=True)
    _run(
        tmp_path,
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-compile",
        "-c",
        str(pins),
        str(wheel),
    )
    shutil.copy(ROOT / "integration_tests" / "external_assets" / "external_assets.yaml", tmp_path)
    assert _run(tmp_path, "dbt-scheduler", "--version").split()[-1] == __version__
    _run(tmp_path, "dbt-scheduler", "compile", "external_assets.yaml", "--out", "out")
    _run(tmp_path, "dbt-scheduler", "publish", "out", "--registry", "file:registry")
    assert "orders" in _run(tmp_path, "dbt-scheduler", "registry", "list", "--registry", "file:registry")


def test_the_dbt_package_and_the_python_package_are_of_one_version() -> None:
    assert yaml.safe_load((ROOT / "dbt_project.yml").read_text())["version"] == __version__


def _run(folder: Path, *command: str) -> str:
    env = {"PATH": f"{folder / 'venv' / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(folder)}
    env |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    program = str(folder / "venv" / "bin" / command[0])
    done = subprocess.run(
        [program, *command[1:]], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as files:
        return {name: files.read(name) for name in files.namelist()}


def _names_in(wheel: Path, folder: str) -> list[str]:
    with zipfile.ZipFile(wheel) as files:
        below = f"dbt_scheduler/{folder}/"
        return sorted(Path(name).name for name in files.namelist() if name.startswith(below))
