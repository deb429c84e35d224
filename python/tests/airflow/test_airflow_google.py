"""The places of Google Cloud: the real clients and hooks, and a fake of the APIs at the gRPC border."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from airflow.sdk.execution_time.timeout import timeout

from airflow_names import AirflowTaskTimeout, TaskDeferralTimeout
from build import PLATFORM, World
from dbt_scheduler.airflow import build
from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.kinds.places import PlaceSettings
from fake_google import FakeGoogle
from google_tasks import a_google_task, started, the_context
from harness import Platform

VERTEX = """\
kinds:
  vertex-ai:
    region: europe-west1
    google_service_account: jobs@my-project.iam.gserviceaccount.com
    labels: {cost-center: "4711"}
    pool: default_pool
"""
TRAIN = """\
tasks:
  - kind: vertex-ai
    name: train
    pipelines: [daily]
    image: europe-docker.pkg.dev/my-project/ml/train:1
    accelerator: NVIDIA_L4
    command: python train.py --say "{{ hello }}"
    timeout: {hours: 2}
    retries: 1
"""


def deployed(platform: Platform, root: Path) -> None:
    """Deploy a team's DAG with a task on Vertex AI, and start a run whose task has created its job."""
    world = World(root, PLATFORM + VERTEX)
    world.team("shop", text=TRAIN)
    platform.deploy(world.spec("shop_daily"))
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("shop_daily", "train") == "deferred"


def test_a_vertex_ai_job_is_waited_for_without_a_worker_and_succeeds(
    platform: Platform, google: FakeGoogle, tmp_path: Path
) -> None:
    deployed(platform, tmp_path)
    (job,) = google.vertex_ai.jobs.values()
    assert job.name == "projects/my-project/locations/europe-west1/customJobs/1"
    assert job.job_spec.service_account == "jobs@my-project.iam.gserviceaccount.com"
    assert job.job_spec.scheduling.timeout.total_seconds() == 7200
    (pool,) = job.job_spec.worker_pool_specs
    assert (pool.machine_spec.machine_type, pool.machine_spec.accelerator_type.name) == (
        "n1-standard-4",
        "NVIDIA_L4",
    )
    assert list(pool.container_spec.command) == ["python", "train.py", "--say", "{{ hello }}"]
    assert pool.container_spec.image_uri == "europe-docker.pkg.dev/my-project/ml/train:1"
    env = {each.name: each.value for each in pool.container_spec.env}
    assert env["DBT_SCHEDULER_DATA_INTERVAL_END"] == "2025-03-02T00:10:00+00:00"
    labels = dict(job.labels)
    assert len(labels.pop("dbt_scheduler_task")) == 12
    assert labels == {"team": "shop", "pipeline": "daily", "task": "train", "cost-center": "4711"}
    google.fail("GetCustomJob", grpc.StatusCode.UNAVAILABLE, "try again")
    platform.work()
    assert platform.state("shop_daily", "train") == "deferred"
    google.vertex_ai.end("SUCCEEDED")
    platform.work()
    assert platform.state("shop_daily", "train") == "success"
    assert google.names().count("CreateCustomJob") == 1


def test_a_failed_vertex_ai_job_logs_the_reason_and_is_retried(
    platform: Platform, google: FakeGoogle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed(platform, tmp_path)
    google.lines['ml_job" resource.labels.job_id="1"'] = ["epoch 1", "Killed"]
    google.vertex_ai.end("FAILED", "The replica workerpool0-0 exited with a non-zero status of 1.")
    platform.work()
    log = capsys.readouterr().out
    assert "customJobs/1 failed: The replica workerpool0-0 exited with a non-zero status of 1." in log
    assert log.index("epoch 1") < log.index("Killed") < log.index("customJobs/1 failed")
    assert platform.state("shop_daily", "train") == "up_for_retry"


def test_a_vertex_ai_job_ends_when_its_tasks_time_is_up(
    platform: Platform, google: FakeGoogle, tmp_path: Path
) -> None:
    deployed(platform, tmp_path)
    platform.let_time_pass()
    platform.schedule()
    assert platform.state("shop_daily", "train") in {"up_for_retry", "scheduled", "failed"}
    assert google.vertex_ai.states() == ["CANCELLED"]


def a_vertex_ai_task(**settings: Any) -> Any:
    """A Vertex AI task, as Airflow builds it from a spec, before its execution."""
    passed = tuple(settings.pop("passed", ()))
    where = PlaceSettings(
        where="vertex-ai", environment=passed, settings={"region": "europe-west1", **settings}
    )
    return a_google_task("vertex-ai", where)


def test_a_retry_cancels_the_job_of_a_killed_try_and_of_no_other_task(
    google: FakeGoogle,
) -> None:
    task = a_vertex_ai_task()
    started(task)
    started(task, "another run")
    started(task)
    assert google.vertex_ai.states() == ["CANCELLED", "PENDING", "PENDING"]


def test_a_stopped_deferred_task_cancels_its_job(google: FakeGoogle) -> None:
    trigger = started(a_vertex_ai_task())
    asyncio.run(trigger.on_kill())
    assert google.vertex_ai.states() == ["CANCELLED"]


@pytest.mark.parametrize("where", ["signal", "timeout"])
def test_a_task_that_is_stopped_while_its_job_is_created_leaves_none_running(
    google: FakeGoogle, where: str
) -> None:
    """The API is slow: the job exists, but the worker has not received the response."""
    task = a_vertex_ai_task()
    google.wait_in("CreateCustomJob", lambda: os.kill(os.getpid(), number))
    number = signal.SIGTERM if where == "signal" else signal.SIGALRM
    old = signal.signal(signal.SIGTERM, lambda *_: task.on_kill())  # like Airflow's task runner
    stopped = (AirflowException, "The task was stopped") if where == "signal" else (AirflowTaskTimeout, None)
    try:
        with pytest.raises(stopped[0], match=stopped[1]), timeout(600):
            task.execute(the_context(task))
    finally:
        signal.signal(signal.SIGTERM, old)
    assert google.vertex_ai.states() == ["CANCELLED"]


def test_a_task_that_is_stopped_before_airflow_has_deferred_it_leaves_no_job(google: FakeGoogle) -> None:
    task = a_vertex_ai_task()
    started(task)
    task.on_kill()
    assert google.vertex_ai.states() == ["CANCELLED"]


def test_a_job_that_google_does_not_take_fails_with_what_it_said(google: FakeGoogle) -> None:
    google.fail("CreateCustomJob", grpc.StatusCode.INVALID_ARGUMENT, "Machine type n9 is not supported.")
    task = a_vertex_ai_task(machine_type="n9-huge-1")
    with pytest.raises(AirflowException, match=r"^Vertex AI rejected the job: 400 Machine type n9 is not"):
        task.execute(the_context(task))


def test_a_job_whose_state_is_no_longer_reported_is_cancelled(google: FakeGoogle) -> None:
    task = a_vertex_ai_task()
    trigger = started(task)
    google.fail("GetCustomJob", grpc.StatusCode.PERMISSION_DENIED, "aiplatform.customJobs.get denied")
    event = asyncio.run(anext(trigger.run())).payload
    with pytest.raises(AirflowException, match=r"The state of .* is unknown: 403 aiplatform.customJobs.get"):
        task.execute_complete(the_context(task), event)
    assert google.vertex_ai.states() == ["CANCELLED"]


def test_a_job_of_a_task_whose_trigger_failed_is_cancelled(google: FakeGoogle) -> None:
    task = a_vertex_ai_task()
    started(task)
    with pytest.raises(TaskDeferralTimeout):
        task.resume_execution("__fail__", {"error": "Trigger timeout"}, the_context(task))
    assert google.vertex_ai.states() == ["CANCELLED"]


def test_a_job_gets_of_the_workers_environment_what_the_platform_passes(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGE", "$(HOME) costs $$(HOME) or $5")
    monkeypatch.setenv("OTHER", "not passed")
    started(a_vertex_ai_task(passed=["STAGE"]))
    (job,) = google.vertex_ai.jobs.values()
    (pool,) = job.job_spec.worker_pool_specs
    assert {each.name: each.value for each in pool.container_spec.env} == {
        "STAGE": "$$(HOME) costs $$$$(HOME) or $5"  # of which Vertex AI makes what the worker has
    }


def test_a_variable_of_the_worker_that_is_called_like_a_secret_is_not_written_into_a_job(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "of-the-worker")
    task = a_vertex_ai_task(passed=["API_*"])
    with pytest.raises(
        AirflowException,
        match=r"^API_TOKEN is not passed to the job, because everyone with permission to view jobs",
    ) as said:
        task.execute(the_context(task))
    assert "of-the-worker" not in str(said.value)
    assert not google.vertex_ai.jobs


def test_without_a_project_anywhere_the_task_reports_it(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT",
        '{"conn_type": "google_cloud_platform", "extra": {"is_anonymous": true}}',
    )
    task = a_vertex_ai_task()
    with pytest.raises(AirflowException, match=r"^No Google Cloud project: set it in platform\.yaml"):
        task.execute(the_context(task))
    assert google.asked == []


CLOUD_RUN = """\
kinds:
  universal:
    where: cloud-run
    region: europe-west1
    memory: 1g
    cpus: 2
    subnetwork: warehouse
    labels: {cost-center: "4711"}
    google_service_account: jobs@my-project.iam.gserviceaccount.com
    google_secrets: {API_TOKEN: shop-api-token, DB: "projects/other/secrets/db:3"}
    pool: default_pool
"""
FETCH = """\
tasks:
  - kind: universal
    name: Fetch_rates
    pipelines: [daily]
    image: europe-docker.pkg.dev/my-project/shop/fetch:1
    command: python fetch.py --say "{{ hello }}"
    timeout: {hours: 2}
"""


def test_a_cloud_run_job_is_made_for_a_task_and_removed_when_it_has_succeeded(
    platform: Platform, google: FakeGoogle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path, PLATFORM + CLOUD_RUN)
    world.team("shop", text=FETCH)
    platform.deploy(world.spec("shop_daily"))
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("shop_daily", "Fetch_rates") == "deferred"
    ((name, job),) = google.cloud_run.jobs.items()
    path, digest = name[:-12], name[-12:]
    assert path == "projects/my-project/locations/europe-west1/jobs/dbt-fetch-rates-"
    assert int(digest, 16)
    assert job.template.labels == job.labels
    assert dict(job.labels) == {
        "team": "shop",
        "pipeline": "daily",
        "task": "fetch_rates",
        "cost-center": "4711",
    }
    run = job.template.template
    assert (run.max_retries, run.timeout.total_seconds()) == (0, 7200)
    assert run.service_account == "jobs@my-project.iam.gserviceaccount.com"
    assert [each.subnetwork for each in run.vpc_access.network_interfaces] == ["warehouse"]
    (container,) = run.containers
    assert list(container.command) == ["python", "fetch.py", "--say", "{{ hello }}"]
    assert dict(container.resources.limits) == {"cpu": "2", "memory": "1Gi"}
    env = {each.name: each for each in container.env}
    assert env["DBT_SCHEDULER_DATA_INTERVAL_END"].value == "2025-03-02T00:10:00+00:00"
    secrets = {name: env[name].value_source.secret_key_ref for name in ("API_TOKEN", "DB")}
    assert [(each.secret, each.version) for each in secrets.values()] == [
        ("shop-api-token", "latest"),
        ("projects/other/secrets/db", "3"),
    ]
    google.fail("GetExecution", grpc.StatusCode.UNAVAILABLE, "try again")
    platform.work()
    google.lines['execution_name"="dbt-fetch-rates-'] = ["fetched 3 rates"]
    google.cloud_run.end()
    platform.work()
    assert platform.state("shop_daily", "Fetch_rates") == "success"
    assert google.cloud_run.jobs == {}
    log = capsys.readouterr().out
    assert "its log: https://log.example/1" in log
    assert "fetched 3 rates" in log


def a_cloud_run_task() -> Any:
    return a_google_task("universal", PlaceSettings(where="cloud-run", settings={"region": "europe-west1"}))


def test_a_failed_cloud_run_job_logs_the_reason_and_is_removed(google: FakeGoogle) -> None:
    task = a_cloud_run_task()
    trigger = started(task)
    google.cloud_run.end(
        exit_code=3, message="Task t-0 failed with message: The container exited with an error."
    )
    google.fail("ListLogEntries", grpc.StatusCode.PERMISSION_DENIED, "logging.logEntries.list denied")
    event = asyncio.run(anext(trigger.run())).payload
    said = r"-1 failed: Task t-0 failed with message: The container exited with an error\. \(exit code 3\)$"
    with pytest.raises(AirflowException, match=said):
        task.execute_complete(the_context(task), event)
    assert google.cloud_run.jobs == {}


def test_a_retry_removes_the_cloud_run_job_of_a_killed_try(google: FakeGoogle) -> None:
    task = a_cloud_run_task()
    started(task)
    started(task, "another run")
    started(task)
    assert google.cloud_run.states() == ["CANCELLED", "RUNNING", "RUNNING"]
    assert len(google.cloud_run.jobs) == 2


def test_a_stopped_deferred_task_leaves_no_cloud_run_job(google: FakeGoogle) -> None:
    trigger = started(a_cloud_run_task())
    asyncio.run(trigger.on_kill())
    assert (google.cloud_run.states(), google.cloud_run.jobs) == (["CANCELLED"], {})


@pytest.mark.parametrize("code", [grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND])
def test_a_cloud_run_job_is_removed_though_its_execution_has_ended_meanwhile(
    google: FakeGoogle, code: grpc.StatusCode
) -> None:
    trigger = started(a_cloud_run_task())
    google.cloud_run.end()
    google.fail("CancelExecution", code, "it has ended")
    asyncio.run(trigger.on_kill())
    assert google.cloud_run.jobs == {}


def test_a_cloud_run_job_ends_when_its_tasks_time_is_up(google: FakeGoogle) -> None:
    task = a_cloud_run_task()
    started(task)
    with pytest.raises(TaskDeferralTimeout):
        task.resume_execution("__fail__", {"error": "Trigger timeout"}, the_context(task))
    assert (google.cloud_run.states(), google.cloud_run.jobs) == (["CANCELLED"], {})


def test_a_task_that_is_stopped_while_its_cloud_run_job_starts_leaves_none_running(
    google: FakeGoogle,
) -> None:
    task = a_cloud_run_task()
    google.wait_in("RunJob", lambda: os.kill(os.getpid(), signal.SIGTERM))
    old = signal.signal(signal.SIGTERM, lambda *_: task.on_kill())
    try:
        with pytest.raises(AirflowException, match="The task was stopped"):
            task.execute(the_context(task))
    finally:
        signal.signal(signal.SIGTERM, old)
    assert (google.cloud_run.states(), google.cloud_run.jobs) == (["CANCELLED"], {})


def test_a_job_that_cloud_run_does_not_take_fails_with_what_it_said(google: FakeGoogle) -> None:
    google.fail("CreateJob", grpc.StatusCode.INVALID_ARGUMENT, "Invalid value specified for cpu.")
    task = a_cloud_run_task()
    with pytest.raises(AirflowException, match=r"^Cloud Run rejected the job: 400 Invalid value specified"):
        task.execute(the_context(task))


def test_an_airflow_without_the_provider_reports_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dbt_scheduler.airflow.vertex_ai_operator", raising=False)
    monkeypatch.delitem(sys.modules, "dbt_scheduler.airflow.google_cloud.jobs", raising=False)
    monkeypatch.setitem(sys.modules, "airflow.providers.google", None)
    build._operator.cache_clear()
    with pytest.raises(build.UnusableOperatorError, match=r"pip install 'dbt-scheduler\[google\]'$"):
        a_vertex_ai_task()
    build._operator.cache_clear()
