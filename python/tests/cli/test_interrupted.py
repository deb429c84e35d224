"""Ctrl-C: one line, and an exit code that is not that of findings, whatever the command is doing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("imported", ["click", "yaml", "httpx"])
def test_an_interrupted_import(tmp_path: Path, imported: str) -> None:
    """``click`` is imported before there is a command, the others by the command."""
    (tmp_path / f"{imported}.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    command = [sys.executable, "-m", "dbt_scheduler", "doctor"]
    ended = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "\ninterrupted\n")
