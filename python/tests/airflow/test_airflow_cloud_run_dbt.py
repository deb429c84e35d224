"""dbt in Cloud Run jobs: the real clients, and fakes of the APIs that run each job's command, with its bucket as a folder."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from airflow.sdk.execution_time.timeout import timeout
from google.api_core.exceptions import RetryError
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.storage import Blob

from airflow_names import AirflowTaskTimeout
from dbt_scheduler.airflow import cloud_run_dbt_operator
from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.google_cloud.logs import show_log
from dbt_scheduler.kinds import Job
from dbt_scheduler.kinds.places import PlaceSettings
from fake_gcs import FakeGcs
from fake_google import FakeGoogle
from goldens import COMMANDS, run
from google_tasks import a_google_task, the_context
from harness import Platform
from image_team import BASE_IMAGE, TEAMS_IMAGE, YESTERDAY, a_team, require_sliced, run_all

PATH = os.pathsep.join([str(COMMANDS), str(Path(sys.executable).parent), "/usr/bin", "/bin"])


@pytest.fixture
def gcs(google: FakeGoogle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGcs]:
    """The bucket for results, which must be empty after each test."""
    monkeypatch.setattr(cloud_run_dbt_operator, "POLL_SECONDS", 0.05)
    with FakeGcs("results").serving() as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        google.cloud_run.storage = fake
        env = {"PATH": PATH, "TMPDIR": str(tmp_path)}
        google.cloud_run.images = dict.fromkeys(("i:1", BASE_IMAGE), (tmp_path, env))
        google.cloud_run.images[TEAMS_IMAGE] = (tmp_path / "shop", env)
        yield fake
    assert fake.buckets["results"] == {}
    assert google.cloud_run.jobs == {}
    assert all(process.poll() is not None for process in google.cloud_run.processes.values())


@pytest.mark.usefixtures("gcs")
def test_a_teams_dbt_runs_in_cloud_run_jobs_and_parses_nothing(
    platform: Platform,
    google: FakeGoogle,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE", str(tmp_path / "shop.duckdb"))
    team = a_team(tmp_path, {"where": "cloud-run", "region": "europe-west1", "results_bucket": "results"})
    run("dbt", "parse", "--quiet", "--target", "prod", cwd=team.folder)
    run("dbt-slicing", "--target", "prod", cwd=team.folder)
    run_all(platform, team)
    require_sliced(capsys.readouterr().out)
    before = len(google.names())
    platform.run("shop_daily", f"{YESTERDAY}T00:11", manual=True, only=["one"], full_refresh=True)
    platform.work()
    created = [asked.job for name, asked in google.asked[before:] if name == "CreateJob"]
    assert {job.labels["task"] for job in created} == {"one", "on_run_end_project-hooks"}
    env = {each.name: each.value for each in created[0].template.template.containers[0].env}
    assert env["DBT_FULL_REFRESH"] == "true"


def a_dbt_task(script: str, **fields: Any) -> Any:
    """A dbt task whose command is a script instead of dbt."""
    job = Job(name="t", command=("sh", "-c", script), cwd=".", env={"A": "{{ b }}"}, image="i:1", **fields)
    settings = {"region": "europe-west1", "results_bucket": "results", "google_secrets": {"TOKEN": "shop:3"}}
    task = a_google_task("dbt", PlaceSettings(where="cloud-run", settings=settings), job)
    task.pushed = {}
    return task


def executed(task: Any) -> None:
    context = the_context(task)
    of = vars(context["ti"]) | {"xcom_push": lambda key, value: task.pushed.update({key: value})}
    task.execute({**context, "ti": SimpleNamespace(**of)})


def test_a_dbt_job_has_the_platforms_settings(google: FakeGoogle, gcs: FakeGcs) -> None:
    executed(a_dbt_task("echo $A ${DBT_SCHEDULER_MOUNTED:-nothing}"))
    ((_, asked),) = [each for each in google.asked if each[0] == "CreateJob"]
    task = asked.job.template.template
    (volume,), (container,) = task.volumes, task.containers
    (mount,) = container.volume_mounts
    assert (volume.name, volume.gcs.bucket) == (mount.name, "results")
    env = {each.name: each for each in container.env}
    assert env["DBT_SCHEDULER_MOUNTED"].value == mount.mount_path
    assert env["TOKEN"].value_source.secret_key_ref.version == "3"
    assert env["A"].value == "{{ b }}"
    assert task.max_retries == 0
    ((lines),) = google.cloud_run.printed.values()
    assert lines == ["{{ b }} nothing"]


def test_failed_dbt_is_reported_with_its_last_lines(
    google: FakeGoogle, gcs: FakeGcs, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AirflowException) as failure:
        executed(a_dbt_task("echo oh no >&2; exit 3"))
    assert str(failure.value) == "sh failed with exit code 3. Its last output:\noh no"
    assert "oh no" in capsys.readouterr().out


def test_dbt_that_selects_nothing_fails_though_the_job_has_succeeded(
    google: FakeGoogle, gcs: FakeGcs
) -> None:
    with pytest.raises(
        AirflowException, match=r"^The DAG does not match the dbt project: Nothing to do\. Try checking"
    ):
        executed(a_dbt_task("echo 'Nothing to do. Try checking your model configs'"))


def test_a_killed_job_shows_its_lines_in_cloud_logging_without_earlier_tries(
    google: FakeGoogle, gcs: FakeGcs, capsys: pytest.CaptureFixture[str]
) -> None:
    """As if it exceeded its memory limit: it writes no results."""
    task = a_dbt_task("echo ready; kill -KILL $PPID")
    gcs.put("results", f"dbt-scheduler.{task._digest}.output", b"of the try before")
    with pytest.raises(AirflowException, match=r"-1 failed: .* \(exit code 137\)$"):
        executed(task)
    log = capsys.readouterr().out
    assert "ready" in log
    assert "of the try before" not in log


def test_a_missing_bucket_is_reported(google: FakeGoogle, gcs: FakeGcs) -> None:
    task = a_dbt_task("true")
    task.bucket = "other"
    with pytest.raises(
        AirflowException, match=r"^Cloud Run could not run sh: 404 .*The specified bucket does not exist"
    ):
        executed(task)
    assert "CreateJob" not in google.names()


def test_an_unresponsive_bucket_at_the_end_is_no_failure(
    google: FakeGoogle, gcs: FakeGcs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After retrying for two minutes, Google's client raises an error that is not an API error."""
    delete = Blob.delete

    def refused(blob: Blob, **rest: Any) -> None:
        if google.cloud_run.states() == ["SUCCEEDED"]:
            gcs.buckets["results"].clear()  # for the check that the bucket is empty
            raise RetryError("Timeout of 120.0s exceeded", None)
        delete(blob, **rest)

    monkeypatch.setattr(Blob, "delete", refused)
    executed(a_dbt_task("true"))
    assert "The job's files in gs://results could not be deleted" in capsys.readouterr().out


def test_unresponsive_cloud_logging_is_no_failure(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise RetryError("Timeout of 60.0s exceeded", None)

    monkeypatch.setattr(LoggingServiceV2Client, "list_log_entries", refused)
    show_log("severity>=INFO", "p", logging.getLogger())
    assert "The job's log cannot be read from Cloud Logging: Timeout of 60.0s exceeded" in caplog.text


def test_a_passing_error_of_the_api_is_no_failure(google: FakeGoogle, gcs: FakeGcs) -> None:
    google.fail("GetExecution", grpc.StatusCode.UNAVAILABLE, "try again")
    executed(a_dbt_task("true"))
    assert google.cloud_run.states() == ["SUCCEEDED"]


@pytest.mark.parametrize("way", ["signal", "timeout"])
def test_dbt_that_is_stopped_leaves_no_job(google: FakeGoogle, gcs: FakeGcs, way: str) -> None:
    task = a_dbt_task("exec sleep 600")
    number = signal.SIGTERM if way == "signal" else signal.SIGALRM
    stop = threading.Thread(target=once_running, args=(google, number))
    old = signal.signal(signal.SIGTERM, lambda *_: task.on_kill())  # like Airflow's task runner
    stopped = (AirflowException, "The task was stopped") if way == "signal" else (AirflowTaskTimeout, None)
    try:
        stop.start()
        with pytest.raises(stopped[0], match=stopped[1]), timeout(600):
            executed(task)
    finally:
        signal.signal(signal.SIGTERM, old)
        stop.join()
    assert google.cloud_run.states() == ["CANCELLED"]


def once_running(google: FakeGoogle, number: int) -> None:
    """Send a signal to this process when an execution was requested."""
    deadline = time.monotonic() + 600
    while "GetExecution" not in google.names() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(os.getpid(), number)


def test_a_retry_removes_the_job_of_a_killed_try(google: FakeGoogle, gcs: FakeGcs) -> None:
    killed = a_dbt_task("exec sleep 600")
    killed.started(killed._digest)
    executed(a_dbt_task("true"))
    assert google.cloud_run.states() == ["CANCELLED", "SUCCEEDED"]
