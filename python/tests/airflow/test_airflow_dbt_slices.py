"""dbt tasks of a sliced project in Airflow: from a slice, as a program or in a fork, or else the plain dbt command."""

import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dbt_scheduler.airflow.dbt_tasks.slices import has_slices
from dbt_scheduler.airflow.preload import forks_tasks
from dbt_scheduler.spec import DagSpec, Task
from dbt_team import DbtTeam
from goldens import run
from harness import Platform, airflows_own_warnings

SCHEDULED = {"meta": {"scheduler": {"pipelines": ["daily"]}}}
FILES = {
    "models/one.sql": "select 1 as id",
    "models/two.sql": "select id from {{ ref('one') }}",
    "models/all.yml": {
        "models": [
            {"name": "one", "config": SCHEDULED, "columns": [{"name": "id", "data_tests": ["unique"]}]},
            {"name": "two", "config": SCHEDULED},
        ]
    },
}
WARM = "dbt_scheduler.dbt.warm"
PLAIN = "running the plain dbt command, because no slice can be used"


def sliced(root: Path, files: dict[str, Any] = FILES, **project: Any) -> DbtTeam:
    team = DbtTeam(root, files, **project)
    run("dbt-slicing", cwd=team.folder)
    return team


def preloaded(spec: DagSpec) -> DagSpec:
    """The spec as compiled for a platform with ``preload: true``, with the dbt next to this Python."""
    tasks = [_preloaded(task) if task.kind == "dbt" else task for task in spec.tasks]
    return msgspec.structs.replace(spec, tasks=tuple(tasks))


def _preloaded(task: Task) -> Task:
    command: Any = task.arguments["command"]
    own = [str(Path(sys.executable).with_name("dbt")), *command[1:]]
    return msgspec.structs.replace(task, arguments={**task.arguments, "command": own, "preload": True})


@pytest.fixture(scope="module")
def worker() -> None:
    """Load dbt in this process for forked tasks, like a worker with ``preload: true``."""
    warm = import_module(WARM)
    with pytest.MonkeyPatch.context() as patch, airflows_own_warnings():
        patch.setattr(warm, "_installed_adapters", lambda: ["duckdb"])
        warm.warm()


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("preload", [False, True], ids=["program", "fork"])
def test_tasks_of_a_sliced_project_run_from_slices(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str], preload: bool
) -> None:
    team = sliced(
        tmp_path, **{"on-run-end": "create or replace table hooks as select {{ results | length }} as n"}
    )
    spec = team.compile()
    platform.deploy(preloaded(spec) if preload else spec)
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.states("shop_daily") == {
        "one": "success",
        "two": "success",
        "on_run_end.project-hooks": "success",
    }
    assert team.sql("select id from main.two") == [1]
    assert team.sql("select n from hooks") == [3]
    log = capsys.readouterr().out
    assert PLAIN not in log
    assert "did not preload dbt" not in log
    assert "Found 1 model, " in log  # of one; and of two, with its parent:
    assert "Found 2 models, " in log


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("preload", [False, True], ids=["program", "fork"])
def test_a_task_of_a_changed_project_runs_the_plain_command_and_logs_it(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str], preload: bool
) -> None:
    team = sliced(tmp_path)
    (team.folder / "models/one.sql").write_text("select 2 as id")
    spec = team.compile()
    platform.deploy(preloaded(spec) if preload else spec)
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert team.sql("select id from main.two") == [2]
    assert capsys.readouterr().out.count(f"{PLAIN}: models/one.sql has changed") == 2


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("preload", [False, True], ids=["program", "fork"])
def test_a_project_folder_that_cannot_be_written_is_no_trouble_for_a_slice(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str], preload: bool
) -> None:
    team = sliced(tmp_path)
    spec = team.compile()
    for name in ("target", "logs"):
        shutil.rmtree(team.folder / name)
        (team.folder / name).symlink_to("/proc")  # no user, not even root, can create files there
    platform.deploy(preloaded(spec) if preload else spec)
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.states("shop_daily") == {"one": "success", "two": "success"}
    log = capsys.readouterr().out
    assert "dbt writes to a temporary folder, because" in log
    assert PLAIN not in log


def test_slices_that_may_not_be_looked_at_are_the_runners_to_name() -> None:
    # # A name that is too long is rejected like a folder without permissions, but also for root.
    assert has_slices(Path("a" * 300), ["dbt", "build", "--select", "fqn:shop.one"])


@pytest.mark.usefixtures("worker")
def test_a_test_that_fails_in_a_fork_fails_the_task(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    team = sliced(tmp_path, {**FILES, "models/one.sql": "select 1 as id union all select 1"})
    platform.deploy(preloaded(team.compile()))
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.states("shop_daily") == {"one": "failed", "two": "upstream_failed"}
    log = capsys.readouterr().out
    assert "dbt failed with exit code 1" in log
    assert PLAIN not in log


@pytest.mark.parametrize(
    ("argv", "executor", "forks"),
    [
        (["airflow", "scheduler"], "LocalExecutor", True),
        (["/bin/airflow", "scheduler", "--num-runs", "1"], "CeleryExecutor,LocalExecutor", True),
        (["airflow", "scheduler"], "CeleryExecutor", False),
        (["airflow", "celery", "worker", "-q", "a"], "CeleryExecutor", True),
        (["airflow", "celery", "flower"], "CeleryExecutor", False),
        (["airflow", "dag-processor"], "LocalExecutor", False),
        (["airflow", "api-server"], "LocalExecutor", False),
        (["airflow", "triggerer"], "LocalExecutor", False),
        (["pytest"], "LocalExecutor", False),
    ],
)
def test_dbt_is_loaded_where_tasks_are_forked(argv: list[str], executor: str, forks: bool) -> None:
    assert forks_tasks(argv, executor) is forks
