"""The process of a single dbt task leaves out work that dbt would only repeat."""

import os
import subprocess
import sys

import pytest

from dbt_projects import dbt as run_dbt
from dbt_team import DbtTeam
from goldens import run

dbt = run_dbt
"""Marks these tests as requiring dbt."""

FILES = {
    "models/one.sql": "select 1 as id",
    "models/one.yml": {"models": [{"name": "one", "columns": [{"name": "id", "data_tests": ["unique"]}]}]},
}
PROBE = """\
import atexit, sys
def report():
    if "dbt.cli.main" not in sys.modules:
        return  # a process that multiprocessing has started
    from mashumaro.jsonschema import builder
    from dbt_common.behavior_flags import BehaviorFlagRendered
    print("behavior flags of", BehaviorFlagRendered._default_source())
    print("schemas made of", sorted(made))
made = []
atexit.register(report)
import mashumaro.jsonschema as jsonschema
build = jsonschema.build_json_schema
def note(cls, *arguments, **more):
    made.append(cls.__name__)
    return build(cls, *arguments, **more)
jsonschema.build_json_schema = note
"""


def test_a_separate_process_builds_no_schemas_of_settings(tmp_path):
    """With a started dbt: other tests' commands are forked from a process that has all of this."""
    team = DbtTeam(tmp_path, FILES)
    run("dbt-slicing", cwd=team.folder)
    (tmp_path / "probe").mkdir()
    (tmp_path / "probe/sitecustomize.py").write_text(PROBE)
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "probe"), "DO_NOT_TRACK": "1"}
    command = ["dbt", "build", "--select", "fqn:shop.one", "fqn:shop.unique_one_id"]
    sliced = [sys.executable, "-m", "dbt_scheduler.dbt", *command]
    done = subprocess.run(sliced, cwd=team.folder, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "PASS=2" in lines[-3]
    assert lines[-2:] == ["behavior flags of sitecustomize", "schemas made of ['TestResultData']"]


ENDS = {
    "code": ("return 3", 3, "thread\natexit\n"),
    "exit": ("sys.exit(4)", 4, "thread\natexit\n"),
    "error": ("raise ValueError", 1, "thread\natexit\n"),
}


@pytest.mark.parametrize(("ending", "code", "printed"), ENDS.values(), ids=ENDS)
def test_the_end_waits_for_threads_and_calls_what_is_registered(ending, code, printed, tmp_path):
    program = f"""\
import atexit, sys, threading
from dbt_scheduler.dbt.quick import run_program
def main():
    atexit.register(print, "atexit")
    release = threading.Event()
    thread = threading.Thread(target=lambda: (threading.main_thread().join(), print("thread")))
    thread.start()
    {ending}
run_program(main)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, printed)
    assert ("ValueError" in done.stderr) == ("ValueError" in ending)


def test_the_schemas_are_those_that_dbt_makes(tmp_path):
    program = """\
from dbt_scheduler.dbt.quick import contracts_of, use_contracts
from dbt.contracts.project import Project, ProfileConfig
made = contracts_of("duckdb")
use_contracts({"dbt.contracts.project.Project": {"type": "string"}})
print(Project.json_schema(), ProfileConfig.json_schema() == made["dbt.contracts.project.ProfileConfig"], len(made))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "{'type': 'string'} True 7\n"
