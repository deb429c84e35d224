"""Parses and serializes a folder of DAG files once, as Airflow's DAG processor does; runs in any environment.

    python parse_dags.py SMALL FOLDER|FILE

Prints JSON: CPU seconds of imports beyond Airflow's own, of parsing and of serializing all files of FOLDER; the number
of tasks; and the process's peak memory in MB. SMALL has a small DAG of the same kind, which is parsed first, so that
one-time costs count as imports.
"""

import importlib.util
import json
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

# No user configuration, and no usage statistics.
os.environ |= {
    "AIRFLOW_HOME": tempfile.mkdtemp(prefix="airflow_home_"),
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "true",
}
warnings.simplefilter("ignore")

from airflow.sdk import DAG  # noqa: E402
from airflow.serialization.serialized_objects import DagSerialization  # noqa: E402


def main(small: Path, what: Path) -> None:
    """Print the figures."""
    first, imports = _timed(lambda: _load(small))
    _serialize(first)
    dags, parsing = _timed(lambda: _load(what))
    data, serializing = _timed(lambda: _serialize(dags))
    figures = {
        "imports": imports,
        "parsing": parsing,
        "serializing": serializing,
        "tasks": sum(len(dag.tasks) for dag in dags),
        "json": len(json.dumps(data)) / 1e6,
        "megabytes": _peak_memory(),
    }
    print(json.dumps(figures))


def _peak_memory() -> float:
    """In MB, of this process only: getrusage includes the memory of the parent when it forked."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def _load(what: Path) -> list[DAG]:
    files = sorted(what.glob("*.py")) or [what]
    found: dict[int, DAG] = {}
    for file in files:
        spec = importlib.util.spec_from_file_location(f"dags_{len(found)}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= {id(each): each for each in vars(module).values() if isinstance(each, DAG)}
    assert any(dag.tasks for dag in found.values()), f"there is nothing in {what}"
    return list(found.values())


def _serialize(dags: list[DAG]) -> list[dict]:
    return [DagSerialization.to_dict(dag) for dag in dags]


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    return work(), time.process_time() - started


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
