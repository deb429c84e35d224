"""Ctrl-C: one line, and an exit code different from that of findings, whatever the command is doing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def _hear_sigint() -> None:
    """Restore the default handler, which shells disable for background jobs."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("imported", ["click", "yaml", "httpx"])
def test_an_interrupted_import(tmp_path: Path, imported: str) -> None:
    """``click`` is imported before there is a command, the other modules by the command."""
    (tmp_path / f"{imported}.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "dbt_scheduler", "doctor"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_hear_sigint,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "\ninterrupted\n")
