"""The place ``docker``: the real DockerOperator and a real engine that runs a team's tasks in real containers."""

import gc
import os
import shutil
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import msgspec
import pytest
import yaml
from airflow.sdk._shared.secrets_masker import redact
from airflow.sdk.execution_time.timeout import timeout

from airflow_names import AirflowTaskTimeout
from builders import a_spec, a_task
from container_engine import BASE, ContainerEngine
from dbt_scheduler.airflow import build
from dbt_scheduler.airflow.build import build_dag
from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.kinds import Job, with_literals
from dbt_scheduler.kinds.places import PlaceSettings, operator_of
from dbt_scheduler.spec import DagSpec
from goldens import INTEGRATION, copy_projects, run
from harness import Platform
from image_team import TEAMS_IMAGE, YESTERDAY, a_team, require_sliced, run_all

pytestmark = pytest.mark.containers

DOCKER = {"where": "docker", "network": "host"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerEngine]:
    started = ContainerEngine(tmp_path_factory.getbasetemp())
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def with_engine(engine: ContainerEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set Docker's own variable for the engine's address; a test must leave no containers behind."""
    monkeypatch.setenv("DOCKER_HOST", engine.url)
    yield
    assert engine.containers() == []
    with warnings.catch_warnings():
        # DockerHook does not close its connections: its process ends.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_a_teams_tasks_run_in_containers_and_parse_nothing(
    platform: Platform,
    engine: ContainerEngine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE", str(tmp_path / "shop.duckdb"))
    team = a_team(tmp_path, DOCKER)
    (team.folder / "requirements.txt").write_text("dbt-core\n")
    for path in (INTEGRATION / "image").iterdir():
        shutil.copy(path, team.folder)
    engine.build(team.folder, team.folder / "Dockerfile", TEAMS_IMAGE, TARGET="prod")
    run_all(platform, team)
    require_sliced(capsys.readouterr().out)
    team.sql("insert into main.events values (7, timestamp '2020-01-01')")
    again = platform.run("shop_daily", f"{YESTERDAY}T12:00", manual=True, full_refresh=True, only=["events"])
    platform.work()
    assert platform.state("shop_daily", "events", again) == "success"
    assert team.sql("select id from main.events") == [1]


def test_tasks_of_the_example_teams_run_in_containers(
    platform: Platform, engine: ContainerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks without a container here count as successful: other dbt tasks, hooks and sensors."""
    monkeypatch.setenv("WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
    with duckdb.connect(tmp_path / "warehouse.duckdb") as warehouse:
        warehouse.execute("create schema playground")
        warehouse.execute("create table playground.input_dbt_model as select 7 as user_id, 14 as clicks")
    platform.deploy(*example_teams_in_containers(tmp_path, engine))
    for dag_id, wanted in (
        ("shipping_daily", {"ingestion.fetch_carrier_rates", "dimensions.dim_carriers_v2"}),
        ("playground_daily", {"some_task_group_name.produced_output_table"}),
    ):
        run_id = platform.run(dag_id, "2025-09-10T00:10")
        for task_id in platform.states(dag_id).keys() - wanted:
            platform.set_state(dag_id, task_id, run_id, "success")
        platform.work()
        assert {*platform.states(dag_id).values()} == {"success"}
        assert {platform.tries(dag_id)[task_id] for task_id in wanted} == {1}
    with duckdb.connect(tmp_path / "warehouse.duckdb") as warehouse:
        found = warehouse.execute("select carrier, price from shipping.dim_carriers_v2 order by 1").fetchall()
        scores = warehouse.execute("select * from predictions.produced_output_table").fetchall()
    assert found == [("Hare", 4.0), ("Snail", 1.5)]
    assert scores == [(7, 14, 2.0)]


def example_teams_in_containers(root: Path, engine: ContainerEngine) -> list[DagSpec]:
    """The DAGs of two example teams, with built images; their universal tasks have no network."""
    teams, image = root / "teams", "localhost/shipping:1"
    copy_projects(INTEGRATION / "teams", teams)
    platform = yaml.safe_load((teams / "platform.yaml").read_text())
    docker = {"where": "docker", "image": image, "pool": "default_pool"}
    platform["dbt"] |= {**docker, "network": "host"}
    platform["kinds"]["universal"] |= {**docker, "network": "none"}
    (teams / "platform.yaml").write_text(yaml.safe_dump(platform))
    registry = ("--registry", INTEGRATION / "expected" / "registry")
    (root / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nWORKDIR /project\nCOPY . .\n")
    tags = {"shipping": image, "playground": "docker.io/library/image_name:tag"}
    for team, tag in tags.items():
        export = ("registry", "export", "--dbt-package", ".dbt_scheduler/registry")
        run("dbt-scheduler", *export, *registry, cwd=teams / team)
        run("dbt", "deps", cwd=teams / team)
        run("dbt", "parse", cwd=teams / team)
        engine.build(teams / team, root / "Dockerfile", tag)
    run("dbt-scheduler", "compile", *tags, "--out", "../out", *registry, cwd=teams)
    files = (root / "out/dags" / f"{team}_daily.json" for team in tags)
    return [msgspec.json.decode(file.read_bytes(), type=DagSpec) for file in files]


def a_container(*command: str, **settings: Any) -> Any:
    """A task in a container of the base image, as Airflow builds it from a spec, before its execution."""
    image, passed = settings.pop("image", BASE), tuple(settings.pop("passed", ()))
    job = Job(
        name="t",
        command=command,
        cwd=".",
        env={"GREETING": "{{ hello }}"},
        image=image,
        labels={"team": "shop"},
    )
    where = PlaceSettings(where="docker", environment=passed, settings={"network": "none", **settings})
    made = operator_of("universal", job, where)
    arguments = {name: with_literals(value) for name, value in made.arguments.items()}
    spec = a_spec(a_task("t", operator=made.path, arguments=arguments, kind="universal"))
    task: Any = build_dag(spec, Path("/dags/playground_daily.py")).get_task("t")
    task.render_template_fields({})
    ti = SimpleNamespace(dag_id="playground_daily", run_id="r", task_id="t", map_index=-1)
    task.pre_execute({"params": {"only": []}, "task": task, "ti": ti})
    return task


def test_a_container_has_the_platforms_settings(
    engine: ContainerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://shop:opensesame@db/shop")
    monkeypatch.setenv("API_TOKEN", "of-the-worker")
    monkeypatch.setenv("OTHER_TOKEN", "not-passed")
    shown = "echo $(id -u; echo $GREETING $API_TOKEN $PASSWORD $OTHER_TOKEN); sleep 600"
    task = a_container(
        *("sh", "-c", shown),
        user="1000:1000",
        memory="64m",
        cpus=0.5,
        labels={"cost-center": "4711"},
        passed=["API_*"],
        secrets={"PASSWORD": "warehouse"},
    )
    seen: list[Any] = []
    with pytest.raises(AirflowTaskTimeout), timeout(600), once_running(engine, signal.SIGALRM, seen.append):
        task.execute({})
    ((found, output),) = seen
    assert output == b"1000 {{ hello }} of-the-worker opensesame\n"
    assert found["Config"]["Labels"] == {"team": "shop", "cost-center": "4711"}
    host = found["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["NetworkMode"]) == (64 << 20, 500_000_000, "none")
    assert redact(output.decode()) == "1000 {{ hello }} *** ***\n"  # as in the task's log


def test_a_task_that_airflow_kills_leaves_no_container_running(engine: ContainerEngine) -> None:
    task = a_container(
        "sh", "-c", "trap 'echo interrupted; exit' INT; echo ready; while :; do sleep 0.1; done"
    )
    old = signal.signal(signal.SIGTERM, lambda *_: task.on_kill())  # like Airflow's task runner
    try:
        with (
            pytest.raises(AirflowException, match="The task was stopped, and its container was stopped too"),
            once_running(engine, signal.SIGTERM),
        ):
            task.execute({})
    finally:
        signal.signal(signal.SIGTERM, old)


def test_a_task_that_is_killed_before_its_container_starts_starts_none(engine: ContainerEngine) -> None:
    task = a_container("sh", "-c", "echo started")
    assert task.hook.api_client
    task.on_kill()
    with pytest.raises(AirflowException, match="The task was stopped"):
        task.execute({})


def test_a_retry_removes_the_container_of_a_killed_try(
    engine: ContainerEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    task = a_container("sh", "-c", "echo again")
    host = engine.client.create_host_config(network_mode="none")
    left = engine.client.create_container(BASE, ["sleep", "600"], name=task.container_name, host_config=host)
    engine.client.start(left["Id"])
    task.execute({})
    assert "again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "image", "said"),
    [
        (("sh", "-c", "echo oh no; exit 3"), BASE, "sh failed with exit code 3. Its last output:\noh no"),
        (("no-such-program",), BASE, f"The container engine could not run {BASE}: "),
        (("true",), "localhost/not-there:1", "The container engine could not run localhost/not-there:1: "),
    ],
    ids=["exit code", "no program", "no image"],
)
def test_a_failed_container_logs_the_reason(command: tuple[str, ...], image: str, said: str) -> None:
    with pytest.raises(AirflowException) as failure:
        a_container(*command, image=image).execute({})
    assert str(failure.value).startswith(said)


def test_an_airflow_without_the_provider_reports_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dbt_scheduler.airflow.docker_operator", None)
    build._operator.cache_clear()
    with pytest.raises(build.UnusableOperatorError, match=r"pip install 'dbt-scheduler\[docker\]'$"):
        a_container("true")
    build._operator.cache_clear()


def test_a_container_that_takes_too_much_memory_is_killed() -> None:
    """Docker's state has the reason, unlike Podman's under cgroupfs: then there is only the exit code."""
    with pytest.raises(AirflowException, match="failed with exit code 137"):
        a_container("python", "-c", "b'x' * 10**9", memory="64m").execute({})
    assert not Path("oom").exists()  # conmon writes it to the working directory of the engine


@contextmanager
def once_running(
    engine: ContainerEngine, number: signal.Signals, see: Callable[[Any], None] = lambda _: None
) -> Iterator[None]:
    """Send a signal to this process when a container runs and has written output; ``see`` is called with it first."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            running = engine.client.containers()
            output = engine.client.logs(running[0]["Id"]) if running else b""
            if output.endswith(b"\n"):
                see((engine.client.inspect_container(running[0]["Id"]), output))
                os.kill(os.getpid(), number)
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
