"""The place ``kubernetes``: the real KubernetesPodOperator and client, and a fake API server that runs real processes."""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time.timeout import timeout
from hypothesis import given, settings, strategies
from kubernetes.client import ApiClient

from airflow_names import AirflowTaskTimeout
from builders import a_spec, a_task
from dbt_scheduler.airflow import build
from dbt_scheduler.airflow.build import build_dag
from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.containers.kubernetes_output import GIVE
from dbt_scheduler.airflow.containers.kubernetes_script import script
from dbt_scheduler.airflow.dbt_tasks.image_files import Files
from dbt_scheduler.kinds import Job, with_literals
from dbt_scheduler.kinds.places import PlaceSettings, operator_of
from dbt_team import DbtTeam
from fake_kubernetes import FakeCluster, Image, Pod, require_valid
from goldens import COMMANDS, run
from harness import Platform
from image_team import BASE_IMAGE, TEAMS_IMAGE, YESTERDAY, a_team, require_sliced, run_all

IMAGE = "registry.example.com/base:1"
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""The client does not close its connections: its process ends."""

PATH = os.pathsep.join([str(COMMANDS), str(Path(sys.executable).parent), "/usr/bin", "/bin"])
PODS = "/api/v1/namespaces/dbt/pods"


RESULT = {
    "unique_id": "model.shop.one",
    "name": "one",
    "is_test": False,
    "status": "error",
    "message": "oh no",
    **dict.fromkeys(
        ["failures", "relation", "rows_affected", "bytes_processed", "slot_ms", "batches", "code"]
    ),
    "stored": False,
    "compile_seconds": None,
    "execute_seconds": None,
}


@pytest.fixture(scope="module")
def started() -> Iterator[FakeCluster]:
    cluster = FakeCluster()
    yield cluster
    cluster.stop()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # as above
        gc.collect()


@pytest.fixture
def cluster(started: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    """A cluster for Airflow's default connection; a test must leave no pods behind."""
    started.images = {IMAGE: Image(tmp_path, {"PATH": PATH, "TMPDIR": str(tmp_path)})}
    monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_DEFAULT", started.connection)
    yield started
    for pod in [*started.pods.values()]:
        assert pod.deleted.wait(5), f"the pod {pod.name} is left"
    started.clear()


def test_a_teams_tasks_run_in_pods_and_parse_nothing(
    platform: Platform,
    cluster: FakeCluster,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE", str(tmp_path / "shop.duckdb"))
    team = a_team(tmp_path, {"where": "kubernetes"})
    run("dbt", "parse", "--quiet", "--target", "prod", cwd=team.folder)
    run("dbt-slicing", "--target", "prod", cwd=team.folder)
    for name, folder in {TEAMS_IMAGE: team.folder, BASE_IMAGE: tmp_path}.items():
        cluster.images[name] = cluster.images[IMAGE]._replace(folder=folder)
    run_all(platform, team)
    log = capsys.readouterr().out
    require_sliced(log)
    assert "dbt-scheduler-file" not in log
    before = len(cluster.created)
    platform.run("shop_daily", f"{YESTERDAY}T00:11", manual=True, only=["one"], full_refresh=True)
    platform.work()
    again = cluster.created[before:]
    assert {pod["metadata"]["labels"]["task"] for pod in again} == {"one", "on_run_end.project-hooks"}
    assert {each["name"]: each.get("value") for each in again[0]["spec"]["containers"][0]["env"]}[
        "DBT_FULL_REFRESH"
    ] == "true"


def a_pod(*command: str, tries: int = 1, kind: str = "universal", **settings: Any) -> Any:
    """A task in a pod, as Airflow builds it from a spec, before its execution with its ``context``."""
    image, passed = settings.pop("image", IMAGE), tuple(settings.pop("passed", ()))
    labels = {"team": "shop", "pipeline": "daily", "task": "marts.orders", "asset": "orders,returns"}
    job = Job(name="t", command=command, cwd=".", env={"GREETING": "{{ hello }}"}, image=image, labels=labels)
    where = PlaceSettings(where="kubernetes", environment=passed, settings=settings)
    made = operator_of(kind, job, where)
    arguments = {name: with_literals(value) for name, value in made.arguments.items()}
    spec = a_spec(a_task("t", operator=made.path, arguments=arguments, kind=kind, timeout_seconds=60))
    task: Any = build_dag(spec, Path("/dags/playground_daily.py")).get_task("t")
    task.render_template_fields({})
    task.pushed = {}
    of = {"dag_id": "playground_daily", "run_id": "r", "task_id": "t", "map_index": -1}
    ti = SimpleNamespace(
        **of, try_number=tries, xcom_push=lambda key, value: task.pushed.update({key: value})
    )
    task.context = {"params": {"only": []}, "task": task, "ti": ti, "run_id": "r", "dag": task.dag}
    task.pre_execute(task.context)
    return task


def test_a_pod_has_the_platforms_settings(
    cluster: FakeCluster,
    monkeypatch: pytest.MonkeyPatch,
    golden: Callable[[Path, str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("API_URL", "https://of.the.worker")
    monkeypatch.setenv("OTHER_URL", "not passed")
    cluster.secrets["warehouse"] = {"password": "opensesame"}
    shown = "echo $GREETING $API_URL ${OTHER_URL:-nothing} ${#PASSWORD} $(echo own) '$(API_URL)' $$"
    task = a_pod(
        *("sh", "-c", shown),
        cpus=0.5,
        memory="64m",
        namespace="dbt",
        service_account="dbt-runner",
        node_selector={"pool": "batch"},
        tolerations=[{"key": "dedicated", "value": "dbt", "effect": "NoSchedule"}, {"key": "spot"}],
        kubernetes_secrets={"PASSWORD": "warehouse/password"},
        image_pull_secrets=["registry"],
        labels={"cost-center": "4711", "unit": "Data & AI"},
        passed=["API_*"],
    )
    task.execute(task.context)
    (spec,) = cluster.created
    golden(Path(__file__).with_name("expected_pod.json"), json.dumps(stable(spec), indent=2) + "\n")
    said = capsys.readouterr().out
    assert "{{ hello }} https://of.the.worker nothing 10 own $(API_URL) " in said
    assert "$$" not in said
    assert "opensesame" not in json.dumps(spec)


def stable(spec: dict[str, Any]) -> dict[str, Any]:
    """A spec without Airflow's version."""
    spec["metadata"]["labels"]["airflow_version"] = "..."
    return spec


def test_a_task_that_times_out_leaves_no_pod(cluster: FakeCluster) -> None:
    task = a_pod("sh", "-c", "echo ready; sleep 600")
    seen: list[Pod] = []
    with (
        pytest.raises(AirflowTaskTimeout),
        timeout(600),
        once_running(cluster, signals(signal.SIGALRM, seen)),
    ):
        task.execute(task.context)
    assert is_over(seen[0])


def test_a_task_that_airflow_kills_leaves_no_pod(cluster: FakeCluster) -> None:
    task = a_pod("sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    seen: list[Pod] = []
    old = signal.signal(signal.SIGTERM, lambda *_: task.on_kill())  # like Airflow's task runner
    try:
        with (
            pytest.raises(AirflowException, match="The task was stopped, and its pod was deleted"),
            once_running(cluster, signals(signal.SIGTERM, seen)),
        ):
            task.execute(task.context)
    finally:
        signal.signal(signal.SIGTERM, old)
    assert is_over(seen[0])


def is_over(pod: Pod) -> bool:
    """Whether a pod is deleted, and its process has ended."""
    return pod.deleted.wait(5) and pod.process is not None and pod.process.poll() is not None


def test_a_task_that_is_killed_before_its_pod_starts_starts_none(cluster: FakeCluster) -> None:
    task = a_pod("sh", "-c", "echo started")
    task.on_kill()
    with pytest.raises(AirflowException, match="The task was stopped"):
        task.execute(task.context)
    assert cluster.created == []


def test_a_retry_deletes_the_pod_of_a_killed_try(
    cluster: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = a_pod("sleep", "600")
    killed._say_it_to_the_provider(killed.command, killed.env)
    left = killed.build_pod_request_obj(killed.context)
    cluster.create("dbt", ApiClient().sanitize_for_serialization(left))
    others = {**left.metadata.labels, "dbt-scheduler/task": "another"}
    left.metadata.labels, left.metadata.name = others, "another"
    cluster.create("dbt", ApiClient().sanitize_for_serialization(left))
    task = a_pod("sh", "-c", "echo again", tries=2)
    task.execute(task.context)
    assert "again" in capsys.readouterr().out
    assert [*cluster.pods] == ["another"]
    assert [pod["metadata"]["name"][-2:] for pod in cluster.created] == ["-1", "er", "-2"]
    cluster.pods["another"].delete()


@pytest.mark.parametrize(
    ("command", "settings", "said"),
    [
        (("sh", "-c", "echo oh no; exit 3"), {}, "sh failed with exit code 3. Its last output:\noh no"),
        (
            ("no-such-program",),
            {},
            'The command could not be started: exec: "no-such-program": executable file',
        ),
        (
            ("true",),
            {"image": "not/there:1"},
            "The pod dbt-playground-daily-t-c0ffee-1 did not start: Image cannot be pulled, unable to start: "
            'ImagePullBackOff\nBack-off pulling image "not/there:1"',
        ),
        (
            ("true",),
            {"namespace": "Not There"},
            "Kubernetes could not run the pod dbt-playground-daily-t-c0ffee-1: ",
        ),
    ],
    ids=["exit code", "no program", "no image", "no namespace"],
)
def test_a_failed_pod_logs_the_reason(
    cluster: FakeCluster, command: tuple[str, ...], settings: dict[str, Any], said: str
) -> None:
    task = a_pod(*command, **settings)
    with pytest.raises(AirflowException) as failure:
        task.execute(task.context)
    assert str(failure.value).replace(task._digest, "c0ffee").startswith(said)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"kubernetes_secrets": {"A": "not-there/key"}},
            '\nCreateContainerConfigError: secret "not-there" not found',
        ),
        ({"node_selector": {"pool": "gpu"}}, "\nUnschedulable: 0/1 nodes are available"),
    ],
    ids=["no secret", "no node"],
)
def test_a_pod_that_never_starts_times_out_with_the_reason(
    cluster: FakeCluster, settings: dict[str, Any], said: str
) -> None:
    task = a_pod("true", **settings)
    task.startup_timeout_seconds = task.schedule_timeout_seconds = 0
    with pytest.raises(AirflowException, match=r"^The pod .* did not start: Pod took too long to") as failure:
        task.execute(task.context)
    assert str(failure.value).endswith(said)
    assert cluster.pods == {} or next(iter(cluster.pods.values())).deleted.wait(5)


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (
            lambda pod: pod.kill(reason="Evicted", message="The node was low on resource: memory."),
            r"^Kubernetes terminated the pod \(Evicted\): The node was low on resource: memory\.$",
        ),
        (lambda pod: pod.kill("OOMKilled"), "^sh failed with exit code 137. Its last output:\nready$"),
        (lambda pod: pod.delete(), r'^Kubernetes could not run the pod (\S+): pods "\1" not found \(404\)$'),
    ],
    ids=["evicted", "out of memory", "deleted by somebody"],
)
def test_a_pod_that_the_cluster_ends_fails_the_task(
    cluster: FakeCluster, happens: Callable[[Pod], None], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    task = a_pod("sh", "-c", "echo ready; exec sleep 600")
    with pytest.raises(AirflowException, match=said), once_running(cluster, happens):
        task.execute(task.context)
    assert ("exceeded the pod's memory limit" in capsys.readouterr().out) == ("137" in said)


def test_a_pod_of_a_lost_worker_ends_at_the_tasks_timeout(cluster: FakeCluster) -> None:
    task = a_pod("sleep", "600")
    task.execution_timeout = timedelta(seconds=1)  # not enforced, as there is no task runner
    with pytest.raises(AirflowException, match=r"^Kubernetes terminated the pod \(DeadlineExceeded\): late$"):
        task.execute(task.context)


@pytest.mark.parametrize("status", [409, 500])
@pytest.mark.parametrize("request_", [f"POST {PODS}", f"GET {PODS}", f"GET {PODS}/dbt-", f"DELETE {PODS}"])
def test_an_error_of_the_api_that_goes_away_is_no_failure(
    cluster: FakeCluster, request_: str, status: int
) -> None:
    cluster.fail(request_, status)
    task = a_pod("true")
    task.execute(task.context)
    assert len(cluster.created) == 1


@pytest.mark.parametrize("status", [403, 409, 500])
def test_an_error_of_the_api_that_stays_is_the_tasks(cluster: FakeCluster, status: int) -> None:
    cluster.fail(f"POST {PODS}", status, times=5)
    task = a_pod("true")
    with pytest.raises(
        AirflowException,
        match=rf"^Kubernetes could not run the pod \S+: the server says {status} \({status}\)$",
    ):
        task.execute(task.context)


def test_a_pod_created_despite_status_500_is_deleted(cluster: FakeCluster) -> None:
    cluster.fail(f"POST {PODS}", 500, done=True)
    task = a_pod("sleep", "600")
    with pytest.raises(AirflowException, match=r"pods \S+ already exists \(409\)$"):
        task.execute(task.context)
    assert len(cluster.created) == 1


def test_a_pod_that_cannot_be_deleted_is_a_warning(
    cluster: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.fail(f"DELETE {PODS}", 403)
    task = a_pod("true")
    task.execute(task.context)
    assert "may still be running: the server says 403 (403)" in capsys.readouterr().out
    cluster.pods[task.name].delete()


def test_a_file_is_whole_though_the_connection_breaks_while_it_is_printed(
    cluster: FakeCluster, tmp_path: Path
) -> None:
    breaks = iter([True])
    cluster.log_breaks_at = lambda line: line.startswith(b"dbt-scheduler-file f 3 ") and next(breaks, False)
    content = os.urandom(1000)
    (tmp_path / "f").write_bytes(content)
    task = a_pod("true")
    ended = task._run(
        ["sh", "-c", f"{GIVE} echo before; give f; give other"],
        take={"f": tmp_path / "taken", "other": tmp_path / "no"},
    )
    assert (ended.code, ended.tail) == (0, ("before",))
    assert (tmp_path / "taken").read_bytes() == content
    assert not (tmp_path / "no").exists()


def test_files_are_passed_to_a_pod_or_reported_as_too_long(tmp_path: Path) -> None:
    given = os.urandom(150_000)
    inside = {"DBT_SCHEDULER_GIVEN_RESULTS": Path("given.json")}
    text, variables = script(Files({"given.json": given}), inside, slices=False)
    assert [*variables] == ["DBT_SCHEDULER_FILES_0", "DBT_SCHEDULER_FILES_1", "DBT_SCHEDULER_FILES_2"]
    env = {"PATH": PATH, "TMPDIR": str(tmp_path), **variables}
    shown = 'cat "$DBT_SCHEDULER_GIVEN_RESULTS"; env | grep -c DBT_SCHEDULER_FILES >&2; exit 3'
    done = subprocess.run(
        ["sh", "-c", text, "sh", "sh", "-c", shown], env=env, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, given, b"0\n")
    with pytest.raises(
        AirflowException,
        match="are too large for the pod of the on-run-end hooks: set `project_hooks: every_task`",
    ):
        script(Files({"given.json": given * 6}), inside, slices=False)


def test_results_of_failed_dbt_in_a_pod(cluster: FakeCluster, tmp_path: Path) -> None:
    dbt = tmp_path / "dbt"
    dbt.write_text(
        f"#!/bin/sh\necho building $0 $*\necho '{json.dumps([RESULT])}' > $DBT_SCHEDULER_OUTCOME\nexit 1\n"
    )
    dbt.chmod(0o755)
    task = a_pod("./dbt", "build", "--select", "one", kind="dbt")
    with pytest.raises(
        AirflowException,
        match=r"^\./dbt failed with exit code 1\. Its last output:\nbuilding \./dbt build --select one$",
    ):
        task.execute(task.context)
    assert task.pushed["dbt_outcome"]["node"]["message"] == "oh no"


def test_a_worker_without_a_cluster_reports_it(
    cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = json.dumps({"conn_type": "kubernetes", "extra": {"kube_config_path": str(tmp_path / "none")}})
    monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_DEFAULT", empty)
    task = a_pod("true")
    with pytest.raises(
        AirflowException, match=r"^Kubernetes could not run the pod \S+: Invalid kube-config file\."
    ):
        task.execute(task.context)
    assert cluster.created == []


def test_a_variable_of_the_worker_that_is_called_like_a_secret_is_not_written_into_a_pod(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "of-the-worker")
    task = a_pod("true", passed=["API_*"])
    with pytest.raises(
        AirflowException,
        match=r"^API_TOKEN is not passed to the pod, because everyone with permission to view pods could read it",
    ):
        task.execute(task.context)
    assert cluster.created == []


def test_kubernetes_accepts_all_labels() -> None:
    task = a_pod("true", namespace="dbt")
    task._say_it_to_the_provider(task.command, task.env)
    task.hook = SimpleNamespace(is_in_cluster=False)

    @given(value=strategies.text())
    @settings(max_examples=50)
    def check(value: str) -> None:
        task.labels = {"unit": value}
        pod = ApiClient().sanitize_for_serialization(task.build_pod_request_obj(task.context))
        require_valid(pod)
        labels, annotations = (pod["metadata"].get(name, {}) for name in ("labels", "annotations"))
        assert annotations.get("dbt-scheduler/unit", labels["unit"]) == value

    check()


def test_dbt_in_a_deleted_pod_cancels_its_queries(cluster: FakeCluster, tmp_path: Path) -> None:
    team = DbtTeam(tmp_path, {"models/endless.sql": "select count(*) as n from range(1000000000000)"})
    # # A dbt that is not forked, and receives signals itself.
    env = {"PATH": PATH.partition(os.pathsep)[2], "TMPDIR": str(tmp_path)}
    cluster.images[TEAMS_IMAGE] = Image(team.folder, env)
    task = a_pod("dbt", "build", "--select", "endless", kind="dbt", image=TEAMS_IMAGE)
    seen: list[Pod] = []
    with pytest.raises(AirflowException), once_running(cluster, deletes(seen), b"START sql table model"):
        task.execute(task.context)
    assert is_over(seen[0])
    assert b"CANCEL" in b"".join(line for _, line in seen[0].output)


def deletes(seen: list[Pod]) -> Callable[[Pod], None]:
    """Delete the pod; does not wait for DuckDB, which continues after dbt has cancelled its query."""

    def do(pod: Pod) -> None:
        seen.append(pod)
        pod.delete(grace_seconds=30)
        with pod.changed:
            pod.changed.wait_for(lambda: any(b"CANCEL" in line for _, line in pod.output) or pod.ended, 60)
        pod.kill()

    return do


def test_an_airflow_without_the_provider_reports_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dbt_scheduler.airflow.kubernetes_operator", None)
    build._operator.cache_clear()
    with pytest.raises(build.UnusableOperatorError, match=r"pip install 'dbt-scheduler\[kubernetes\]'$"):
        a_pod("true")
    build._operator.cache_clear()


@contextmanager
def once_running(cluster: FakeCluster, do: Callable[[Pod], None], text: bytes = b"") -> Iterator[None]:
    """Call a function when a pod runs and has written output, or this text."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            running = [*cluster.pods.values()]
            if running and any(text in line for _, line in running[0].output):
                do(running[0])
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def signals(number: signal.Signals, seen: list[Pod]) -> Callable[[Pod], None]:
    """Send a signal to this process."""

    def do(pod: Pod) -> None:
        seen.append(pod)
        os.kill(os.getpid(), number)

    return do
