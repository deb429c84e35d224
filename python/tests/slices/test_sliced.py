"""The runner of slices: if a slice does not fit anymore, the plain command runs, and one line has the reason."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from dbt_projects import dbt as run_dbt
from dbt_team import DbtTeam
from goldens import COMMANDS, ROOT, run

dbt = run_dbt
"""Marks these tests as requiring dbt."""

SLICES = Path(".dbt_scheduler/slices")
SELECT = ("build", "--select", "fqn:shop.one", "fqn:shop.unique_one_id")
FILES = {
    "models/one.sql": "select 1 as id from {{ source('lake', 'raw') }}",
    "models/one.yml": {
        "sources": [
            {"name": "lake", "tables": [{"name": "raw", "identifier": "{{ env_var('RAW', 'raw') }}"}]}
        ],
        "models": [{"name": "one", "columns": [{"name": "id", "data_tests": ["unique"]}]}],
    },
    "models/two.sql": "{{ config(alias='at_' ~ run_started_at.year) }} select 2 as id",
    "models/three.sql": "select {{ env_var('DBT_SCHEDULER_DATA_INTERVAL_START')[:4] }} as year",
    "packages.yml": {"packages": []},
}

_FULL_DISK = """\
import sys
from dbt_scheduler.dbt import slicing
def full(*_):
    raise OSError(28, "No space left on device")  # as of a write, which knows no path
slicing.slice_project = full
sys.exit(slicing.main([]))
"""

_IN_A_FORK = """\
import os, sys
from pathlib import Path
from mashumaro.core.meta.code.builder import CodeBuilder
from dbt_scheduler.airflow.forked import ForkedProcess
from dbt_scheduler.dbt import warm
from dbt_scheduler.dbt.sliced import main
warm._installed_adapters = lambda: ["duckdb"]  # what only the others load, this project's task does not find either
warm.warm()
generate = CodeBuilder.compile
def generating(self):
    print("generates code of", self.cls)
    generate(self)
CodeBuilder.compile = generating
process = ForkedProcess(lambda: main(sys.argv[1:]), Path.cwd(), dict(os.environ))
sys.stdout.write(process.stdout.read().decode())
sys.exit(process.wait())
"""


@pytest.fixture(scope="module")
def sliced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A sliced project, and the output of slicing it."""
    root = tmp_path_factory.mktemp("sliced")
    team = DbtTeam(root, FILES)
    team.sql("create schema lake")
    team.sql("create table lake.raw as select 1 as id")
    return team.folder, run("dbt-scheduler", "slice", "--explain", "--target", "dev", cwd=team.folder)


@pytest.fixture
def project(sliced: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of it, with a dbt that prints its arguments."""
    shutil.copytree(sliced[0], tmp_path / "shop", symlinks=True)
    plain = tmp_path / "dbt"
    plain.write_text('#!/bin/sh\necho "plain $@"\nexit 3\n')
    plain.chmod(0o755)
    return tmp_path / "shop"


def call(project: Path, *arguments: str, program: str | None = None, **more: str) -> tuple[int, list[str]]:
    """The exit code, and the lines that the runner prints."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    command = [COMMANDS / "dbt-sliced", program or str(project.parent / "dbt"), *(arguments or SELECT)]
    env |= {"DO_NOT_TRACK": "1", "DBT_SCHEDULER_DATA_INTERVAL_START": "2025-01-01T00:00:00+00:00", **more}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_what_has_no_slice_is_listed_with_the_reason(sliced):
    assert sliced[1].splitlines() == [
        "model.shop.two: its config() reads run_started_at, which is different in each run",
        "3 slices written; 1 runs dbt's plain command",
    ]


def test_slicing_again_writes_the_same_bytes(project):
    before = {
        path.name: path.read_bytes() for path in (project / SLICES).iterdir() if path.name != "seen.json"
    }
    run("dbt-slicing", "--target", "dev", cwd=project)
    after = {
        path.name: path.read_bytes() for path in (project / SLICES).iterdir() if path.name != "seen.json"
    }
    assert after == before


def append(path: str, text: str = "\n") -> Callable[[Path], None]:
    def change(project: Path) -> None:
        (project / path).write_text((project / path).read_text() + text)

    return change


def write(path: str, text: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)

    return change


def replace(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        text = (project / path).read_text()
        assert old in text
        (project / path).write_text(text.replace(old, new))

    return change


def edit_index(old: str, new: str, *, seal: bool = True) -> Callable[[Path], None]:
    """A change to the index, with a valid digest unless ``seal`` is False."""

    def change(project: Path) -> None:
        index = project / SLICES / "index.jsonl"
        head, _, body = index.read_text().partition("\n")
        assert re.search(old, head + body)
        header = json.loads(re.sub(old, new, head, count=1))
        body = re.sub(old, new, body, count=1)
        header["digest"] = sha256(body.encode()).hexdigest() if seal else header["digest"]
        index.write_text(f"{json.dumps(header)}\n{body}")

    return change


def damage_slice(damage: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        lines = (project / SLICES / "index.jsonl").read_text().splitlines()[2:]
        entry = next(line for line in map(json.loads, lines) if line["node"] == "model.shop.one")
        path = project / SLICES / f"{entry['slice']}.msgpack"
        path.write_bytes(damage(path.read_bytes()))

    return change


def swap(content: bytes) -> bytes:
    assert b"select 1" in content
    return content.replace(b"select 1", b"select 9")


CHANGES = {
    "changed": (append("models/one.sql"), "models/one.sql has changed"),
    "settings": (append("dbt_project.yml"), "dbt_project.yml has changed"),
    "new": (write("models/new.yml", ""), "models/new.yml is new"),
    "new package": (
        write("dbt_packages/more/dbt_project.yml", "name: more"),
        "dbt_packages/more/dbt_project.yml is new",
    ),
    "gone": (lambda project: (project / "models/two.sql").unlink(), "models/two.sql was deleted"),
    "never": (lambda project: shutil.rmtree(project / ".dbt_scheduler"), "the project has not been sliced"),
    "cut off": (
        lambda project: os.truncate(project / SLICES / "index.jsonl", 3000),
        r".*index.jsonl is corrupted",
    ),
    "no index": (
        lambda project: (project / SLICES / "index.jsonl").write_text("[" * 99999),
        r".*index.jsonl is corrupted",
    ),
    "of a later release": (
        edit_index(r'"format": 2', '"format": 3'),
        ".* has format 3, but this dbt-scheduler supports 2",
    ),
    "of another dbt": (
        edit_index(r'"dbt-core": "[^"]*', '"dbt-core": "1.2.3'),
        "it was created with dbt-core 1.2.3, but .* is installed",
    ),
    "of another adapter": (
        edit_index(r'"dbt-duckdb"', '"dbt-oracle"'),
        "it was created with dbt-oracle .*, but none is installed",
    ),
    "entry changed": (
        edit_index("model.shop.one", "model.shop.two", seal=False),
        r".*index.jsonl is corrupted",
    ),
    "origin changed": (
        edit_index('"dbt-core": "1', '"dbt-core": "2', seal=False),
        r".*index.jsonl is corrupted",
    ),
    "slice cut off": (
        damage_slice(lambda content: content[:-1]),
        r"\w+.msgpack was changed",
    ),
    "slice changed": (damage_slice(swap), r"\w+.msgpack was changed"),
    "slice empty": (damage_slice(lambda content: b""), r"\w+.msgpack was changed"),
    "another target": (
        replace("profiles.yml", "target: dev", "target: prod"),
        "it was created for the target dev, but the target is now prod",
    ),
    "another database": (
        replace("profiles.yml", "shop.duckdb", "other.duckdb"),
        "it was created for the target dev, but the connection in profiles.yml has changed",
    ),
    "no profile": (
        lambda project: (project / "profiles.yml").unlink(),
        r"the profile cannot be read \(\w+\)",
    ),
}


@pytest.mark.parametrize(("change", "reason"), CHANGES.values(), ids=CHANGES)
def test_what_does_not_fit_any_more_runs_the_plain_command(change, reason, project):
    change(project)
    code, lines = call(project)
    assert (code, lines[1:]) == (3, [f"plain {' '.join(SELECT)}"])
    beginning = "dbt-scheduler: running the plain dbt command, because no slice can be used: "
    assert re.fullmatch(beginning + reason, lines[0])


CALLS = {
    "of another selector": (
        ("build", "--select", "fqn:shop.nobody"),
        {},
        "fqn:shop.nobody was not part of the project when it was sliced",
    ),
    "with an option": ((*SELECT, "--vars", "{a: 1}"), {}, "--vars is given"),
    "another command": (("run-operation", "some_macro"), {}, "dbt run-operation requires the whole project"),
    "with a variable that parsing reads": (
        SELECT,
        {"RAW": "b"},
        "the environment variable RAW, which dbt reads while parsing, has changed",
    ),
    "with another state": (SELECT, {"DBT_STATE": "there"}, "the environment variable DBT_STATE is set"),
    "in the newer words": (
        SELECT,
        {"DBT_ENGINE_DEFER": "1"},
        "the environment variable DBT_ENGINE_DEFER is set",
    ),
    "for the other target": (
        (*SELECT, "--target", "prod"),
        {},
        "it was created for the target dev, but the target is now prod",
    ),
    "of a node without": (
        ("build", "--select", "fqn:shop.two"),
        {},
        "model.shop.two has no slice: its config.. reads run_started_at, which is different in each run",
    ),
}


@pytest.mark.parametrize(("arguments", "more", "reason"), CALLS.values(), ids=CALLS)
def test_what_a_slice_cannot_do_is_the_plain_commands(arguments, more, reason, project):
    code, lines = call(project, *arguments, **more)
    assert (code, lines[1:]) == (3, [f"plain {' '.join(arguments)}"])
    assert re.fullmatch(
        "dbt-scheduler: running the plain dbt command, because no slice can be used: " + reason, lines[0]
    )


def test_a_file_that_was_only_written_again_is_the_same(project):
    for path in project.rglob("*.*"):
        os.utime(path, (1, 1))
    code, lines = call(project)
    assert code == 0, lines
    assert any("PASS=2" in line for line in lines)
    assert not any("plain" in line for line in lines)


def test_a_model_reads_the_data_interval_of_its_run_from_a_slice(project):
    code, lines = call(
        project, "build", "--select", "fqn:shop.three", DBT_SCHEDULER_DATA_INTERVAL_START="2031-01-01"
    )
    assert (code, any("plain" in line for line in lines)) == (0, False), lines
    compiled = project / "target/run/shop/models/three.sql"
    assert "select 2031 as year" in compiled.read_text()


_PLUGIN = """\
from dbt.plugins.manager import dbtPlugin, dbt_hook
from dbt.plugins.manifest import ModelNodeArgs, PluginNodes
class Elsewhere(dbtPlugin):
    @dbt_hook
    def get_nodes(self):
        return PluginNodes({"model.up.up": ModelNodeArgs("up", "up", "up", "main")})
plugins = [Elsewhere]
"""


def test_what_a_plugin_of_dbt_adds_to_the_project_is_never_of_an_earlier_day(project):
    (project / "elsewhere").mkdir()
    (project / "elsewhere/dbt_elsewhere.py").write_text(_PLUGIN)
    path = os.pathsep.join([str(project / "elsewhere"), *filter(None, [os.environ.get("PYTHONPATH")])])
    why = "the plugin dbt_elsewhere adds nodes each time dbt parses the project"
    code, lines = call(project, PYTHONPATH=path)  # installed after the project was sliced
    assert (code, lines[0].partition("used: ")[2], lines[1:]) == (3, why, [f"plain {' '.join(SELECT)}"])
    said = run("dbt-slicing", "--explain", cwd=project, PYTHONPATH=path).splitlines()
    assert f"model.shop.one: {why}" in said
    code, lines = call(project)  # removed again
    assert (code, lines[0].partition("used: ")[2]) == (3, f"model.shop.one has no slice: {why}")


def test_links_to_folders_around_them_and_packages_outside_the_project_can_be_sliced(project):
    for name, target in (("self", "."), ("up", ".."), ("loop", "loop")):
        (project / "models" / name).symlink_to(target)
    packages = project.parent / "packages"
    append("dbt_project.yml", f"\npackages-install-path: {packages}\n")(project)
    assert run("dbt-slicing", cwd=project) == "3 slices written; 1 runs dbt's plain command\n"
    code, lines = call(project)
    assert (code, any("plain" in line for line in lines)) == (0, False), lines
    write("../packages/more/dbt_project.yml", "name: more")(project)
    code, lines = call(project)
    assert (code, lines[0].partition("used: ")[2]) == (3, "../packages/more/dbt_project.yml is new")


@pytest.mark.parametrize("has_slices", [True, False])
def test_where_dbt_is_not_installed_the_plain_command_runs(project, has_slices):
    if not has_slices:
        shutil.rmtree(project / SLICES)
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'python' / 'src')!r}); from dbt_scheduler.dbt.sliced import program; program()"
    alone = [sys.executable, "-S", "-c", code]  # -S: no site-packages
    done = subprocess.run(
        [*alone, str(project.parent / "dbt"), *SELECT],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    reason, plain = done.stdout.splitlines()
    assert (done.returncode, plain, done.stderr) == (3, f"plain {' '.join(SELECT)}", "")
    assert ("none is installed" if has_slices else "the project has not been sliced") in reason


@pytest.mark.parametrize("words", [(), ("--for",), ("--for", "fqn:a"), ("--for", "fqn:a", "dbt"), ("dbt",)])
def test_a_call_without_a_command_shows_how_it_is_called(words, tmp_path):
    done = subprocess.run(
        [COMMANDS / "dbt-sliced", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    said = "usage: dbt-sliced [--for SELECTOR] dbt build|test|compile ...\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_a_program_that_is_not_there_is_one_line(project):
    (project / "models/new.sql").write_text("")
    code, lines = call(project, program="./nowhere")
    assert (code, lines[1:]) == (2, ["could not start ./nowhere: No such file or directory"])


def test_a_project_that_dbt_cannot_parse_has_no_new_slices(project):
    (project / "models/one.sql").write_text("{{ ref('nobody') }}")
    before = (project / SLICES / "index.jsonl").read_bytes()
    said = run("dbt-scheduler", "slice", cwd=project, expect=2)
    assert "nobody" in said
    assert said.endswith("dbt could not parse the project: no slices were written\n")
    assert (project / SLICES / "index.jsonl").read_bytes() == before


def test_a_folder_that_is_no_project_is_named(tmp_path):
    said = run("dbt-scheduler", "slice", cwd=tmp_path, expect=2)
    assert "SCH408 not a dbt project: no dbt_project.yml found in this folder" in said


def test_a_fork_of_a_worker_that_has_loaded_dbt_generates_no_code_of_dbts_for_itself(project):
    command = [sys.executable, "-c", _IN_A_FORK, str(project.parent / "dbt"), *SELECT, "--no-write-json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    assert not done.returncode, lines
    assert any("PASS=2" in line for line in lines), lines
    assert [line for line in lines if "generates code of" in line] == []


def test_a_project_that_changes_with_the_data_interval_has_no_slices(project):
    (project / "models/two.sql").write_text(
        "{{ config(alias='of_' ~ env_var('DBT_SCHEDULER_DATA_INTERVAL_START')[:4]) }} select 2 as id"
    )
    said = run("dbt-slicing", "--explain", cwd=project).splitlines()
    assert "model.shop.one: model.shop.two is parsed differently for each data interval" in said
    assert said[-1] == "0 slices written; 4 run dbt's plain command"


@pytest.mark.parametrize("place", [".dbt_scheduler", ".dbt_scheduler/slices"])
def test_a_read_only_folder_has_no_slices_and_one_line_reports_it(project, place):
    shutil.rmtree(project / place)
    (project / place).write_text("")  # a file, because missing permissions do not stop root
    said = run("dbt-slicing", cwd=project, expect=2)
    assert re.fullmatch(
        r"could not write the slices: \S*\.dbt_scheduler/slices: (Not a directory|File exists)\n", said
    )


@pytest.mark.dbt
def test_a_full_disk_is_one_line_with_the_folder(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    folder = tmp_path / ".dbt_scheduler/slices"
    assert done.stderr == f"could not write the slices: {folder}: No space left on device\n"
    assert done.returncode == 2


def test_a_target_that_cannot_be_written_is_in_a_temporary_folder(project):
    for name in ("target", "logs"):
        shutil.rmtree(project / name, ignore_errors=True)
        (project / name).symlink_to("/proc")  # no user, not even root, can create files there
    said = run("dbt-slicing", cwd=project)
    assert said == "3 slices written; 1 runs dbt's plain command\n"
    code, lines = call(project)
    assert code == 0, lines
    assert any("PASS=2" in line for line in lines)
    assert not any("plain" in line for line in lines)
