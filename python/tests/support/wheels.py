"""Builds this repository with pip's build system, and installs it without the rest of the repository."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path


def build(what: str, folder: Path, out: Path) -> Path:
    """Build the package like pip, as a ``wheel`` or an ``sdist``."""
    code = f"from hatchling.build import build_{what}; print(build_{what}({str(out)!r}))"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.split()[-1]


def install(wheel: Path, folder: Path) -> Path:
    """Create an environment with the wheel and the locked dependencies, without this repository; returns its bin folder.

    The dependencies are those of the tests' environment, through a .pth file: Python does not read the .pth files in the
    folder that it names, and so does not see the editable install there.
    """
    venv.create(folder, symlinks=True)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    Path(paths["purelib"], "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    options = ["-q", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-compile"]
    done = subprocess.run([*pip, *options, wheel], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "bin"
