"""``make`` uses any suitable Python, or prints in one line what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from goldens import ROOT

SCRIPT = ROOT / "python" / "tools" / "find_python.sh"
FITTING = "3.11, 3.12 or 3.13"


class Machine:
    """A machine with only the Pythons that a test adds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, name: str, version: tuple[int, int], *, venv: bool = True) -> str:
        """Add this test's own Python under another name, with another version."""
        pretend = f"import sys; sys.version_info = (*{version}, 1, 'final', 0)"
        if not venv:
            pretend += "; sys.modules['ensurepip'] = None"
        text = f'#!/bin/sh\nexec "{sys.executable}" -S -c "{pretend}; exec(sys.argv[2])" "$@"\n'
        return self._write(name, text)

    def has_broken(self, name: str) -> str:
        """Add a command that does not start Python, as version managers have."""
        return self._write(name, f'#!/bin/sh\necho "{name}: command not found" >&2\nexit 127\n')

    def find(self, *named: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", SCRIPT, *named],
            env={"PATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def refuses(self, *named: str) -> str:
        """The error, which is one line."""
        found = self.find(*named)
        assert (found.returncode, found.stdout) == (1, "")
        assert found.stderr.count("\n") == 1
        return found.stderr.rstrip()

    def _write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "with a space"
    folder.mkdir()
    return Machine(folder)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_any_python_that_fits_will_do(machine: Machine, version: tuple[int, int]) -> None:
    machine.has("python3", version)
    assert machine.find().stdout == "python3\n"
    assert machine.find("").stdout == "python3\n"  # make passes an empty variable


def test_python3_that_does_not_fit_is_passed_over(machine: Machine) -> None:
    machine.has("python3", (3, 14))
    machine.has_broken("python3.13")
    machine.has("python3.12", (3, 12), venv=False)
    machine.has("python3.11", (3, 11))
    assert machine.find().stdout == "python3.11\n"


def test_named_python_is_taken_and_no_other(machine: Machine) -> None:
    machine.has("python3", (3, 11))
    named = machine.has("other", (3, 12))
    assert machine.find(named).stdout == f"{named}\n"


def test_no_python_is_one_line(machine: Machine) -> None:
    wanted = f"no Python {FITTING} was found: install one, or set its path with make PYTHON=/path/to/python"
    assert machine.refuses() == wanted
    machine.has("python3", (3, 10))
    machine.has_broken("python3.12")
    assert machine.refuses() == wanted


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_named_python_that_does_not_fit_is_one_line(machine: Machine, version: tuple[int, int]) -> None:
    named = machine.has("other", version)
    assert machine.refuses(named) == (
        f"{named} is Python {version[0]}.{version[1]}, but Python {FITTING} is required: "
        "make PYTHON=/path/to/python"
    )


def test_named_python_that_is_not_there_is_one_line(machine: Machine) -> None:
    assert machine.refuses("nope") == "nope cannot be run as Python: make PYTHON=/path/to/python"


def test_missing_venv_module_is_one_line(machine: Machine) -> None:
    machine.has("python3", (3, 12), venv=False)
    wanted = "has no venv module; on Debian and Ubuntu, install it with: apt install python3.12-venv"
    assert machine.refuses() == f"python3 (Python 3.12) {wanted}"
    assert machine.refuses("python3") == f"python3 (Python 3.12) {wanted}"


def test_the_package_supports_the_same_pythons() -> None:
    text = (ROOT / "python" / "pyproject.toml").read_text()
    for version in ("3.11", "3.12", "3.13"):
        assert f'"Programming Language :: Python :: {version}"' in text
    assert 'requires-python = ">=3.11"' in text
