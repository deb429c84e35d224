"""``make test`` runs containers: if Podman is not installed and cannot be, one line says what to do."""

import subprocess
from pathlib import Path

import pytest

from goldens import ROOT

SCRIPT = ROOT / "python" / "tools" / "install_podman.sh"
LACKING = (
    "Some tests run containers, but Podman is not installed: install podman and runc, for example with "
    "'sudo apt-get install podman runc'. 'make check' does not require it.\n"
)


def install(folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """The result of the script on a machine with only these programs."""
    for name, code in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{code}\n")
        program.chmod(0o755)
    env = {"PATH": str(folder)}
    return subprocess.run(["/bin/sh", SCRIPT], env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("runtime", ["runc", "crun"])
def test_with_podman_nothing_is_printed(tmp_path: Path, runtime: str) -> None:
    done = install(tmp_path, podman="", **{runtime: ""})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("there", [{}, {"podman": ""}, {"runc": ""}])
def test_without_root_the_packages_to_install_are_printed(tmp_path: Path, there: dict[str, str]) -> None:
    done = install(tmp_path, id="echo 1000", apt_get="exit 1", **there)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", LACKING)


def test_if_root_cannot_install_it_the_same_is_printed(tmp_path: Path) -> None:
    done = install(tmp_path, id="echo 0", apt_get="exit 100")
    assert (done.returncode, done.stderr) == (1, LACKING)


def test_root_has_it_installed(tmp_path: Path) -> None:
    made = "".join(f"/bin/touch {tmp_path}/{name}; " for name in ("podman", "runc"))
    chmod = f"/bin/chmod +x {tmp_path}/podman {tmp_path}/runc"
    done = install(tmp_path, id="echo 0", apt_get=f'[ "$1" = update ] || {{ {made}{chmod}; }}')
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "installing podman and runc with apt-get, about half a minute\n"
