"""Training jobs that upload a model, and pipeline jobs on Vertex AI: the real clients, and a fake of the APIs."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.cloud import aiplatform_v1 as vertex

from airflow_names import TaskDeferralTimeout
from build import PLATFORM, World
from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.kinds import Job
from dbt_scheduler.kinds.places import PlaceSettings
from fake_gcs import FakeGcs
from fake_google import FakeGoogle
from google_tasks import a_google_task, started, the_context
from harness import Platform

VERTEX = """\
kinds:
  vertex-ai:
    region: europe-west1
    google_service_account: jobs@my-project.iam.gserviceaccount.com
    labels: {cost-center: "4711"}
    output_directory: gs://my-bucket/vertex-ai
    pool: default_pool
"""
TRAIN = """\
tasks:
  - kind: vertex-ai
    name: train
    pipelines: [daily]
    image: europe-docker.pkg.dev/my-project/ml/train:1
    command: python train.py --say "{{ hello }}"
    training: {model: churn, serving_image: "europe-docker.pkg.dev/my-project/ml/serve:1"}
    timeout: {hours: 2}
    retries: 1
"""
SCORE = """\
tasks:
  - kind: vertex-ai
    name: score
    pipelines: [daily]
    pipeline_job:
      template: %s
      parameters: {market: "{{ hello }}", rows: 7, labels: {a: [true]}}
    retries: 1
"""
DECLARED: dict[str, Any] = {
    "market": {"parameterType": "STRING"},
    "rows": {"parameterType": "NUMBER_INTEGER"},
    "labels": {"parameterType": "STRUCT"},
    "depth": {"parameterType": "NUMBER_INTEGER", "defaultValue": 3},
    "data_interval_end": {"parameterType": "STRING"},
}
COMPILED: dict[str, Any] = {
    "pipelineInfo": {"name": "score"},
    "schemaVersion": "2.1.0",
    "root": {"inputDefinitions": {"parameters": DECLARED}, "dag": {"tasks": {}}},
    "components": {},
}
TEMPLATE = "gs://bucket/pipelines/score.yaml"
LABELS = {"team": "shop", "pipeline": "daily", "cost-center": "4711"}


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGcs]:
    """Cloud Storage with a compiled pipeline."""
    with FakeGcs("bucket").serving() as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        fake.put("bucket", "pipelines/score.yaml", json.dumps(COMPILED).encode())
        yield fake


def deployed(platform: Platform, world: World, task: str) -> None:
    """Deploy the team's DAG, and start a run whose task has created its job."""
    platform.deploy(world.spec("shop_daily"))
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("shop_daily", task) == "deferred"


def test_a_training_uploads_its_model_with_the_teams_id(
    platform: Platform, google: FakeGoogle, tmp_path: Path
) -> None:
    world = World(tmp_path, PLATFORM + VERTEX)
    world.team("shop", text=TRAIN)
    deployed(platform, world, "train")
    (job,) = google.vertex_ai.jobs.values()
    assert job.name == "projects/my-project/locations/europe-west1/trainingPipelines/1"
    assert job.training_task_definition.endswith("/trainingjob/definition/custom_task_1.0.0.yaml")
    labels = dict(job.labels)
    digest = labels.pop("dbt_scheduler_task")
    assert labels == {**LABELS, "task": "train"}
    # # Vertex AI reads the task's inputs as the spec of a custom job: the client must know all of its fields.
    spec = vertex.CustomJobSpec.from_json(
        json.dumps(vertex.TrainingPipeline.to_dict(job)["training_task_inputs"])
    )
    assert spec.base_output_directory.output_uri_prefix == f"gs://my-bucket/vertex-ai/{digest}"
    assert spec.scheduling.timeout.total_seconds() == 7200
    assert spec.service_account == "jobs@my-project.iam.gserviceaccount.com"
    (pool,) = spec.worker_pool_specs
    assert (pool.machine_spec.machine_type, pool.replica_count) == ("n1-standard-4", 1)
    assert pool.container_spec.image_uri == "europe-docker.pkg.dev/my-project/ml/train:1"
    assert list(pool.container_spec.command) == ["python", "train.py", "--say", "{{ hello }}"]
    env = {each.name: each.value for each in pool.container_spec.env}
    assert env["DBT_SCHEDULER_DATA_INTERVAL_END"] == "2025-03-02T00:10:00+00:00"
    assert (job.model_id, job.parent_model) == ("churn", "")
    assert job.model_to_upload.display_name == "churn"
    assert job.model_to_upload.container_spec.image_uri == "europe-docker.pkg.dev/my-project/ml/serve:1"
    google.vertex_ai.end("SUCCEEDED")
    platform.work()
    assert platform.state("shop_daily", "train") == "success"


def test_a_failed_training_logs_the_output_of_its_custom_job_and_is_retried(
    platform: Platform, google: FakeGoogle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path, PLATFORM + VERTEX)
    world.team("shop", text=TRAIN)
    deployed(platform, world, "train")
    (job,) = google.vertex_ai.jobs.values()
    job.training_task_metadata = {"backingCustomJob": "projects/1/locations/europe-west1/customJobs/77"}
    google.lines['ml_job" resource.labels.job_id="77"'] = ["epoch 1", "Killed"]
    google.vertex_ai.end("FAILED", "Training failed with: The replica workerpool0-0 exited.")
    platform.work()
    log = capsys.readouterr().out
    assert "trainingPipelines/1 failed: Training failed with: The replica workerpool0-0 exited." in log
    assert log.index("epoch 1") < log.index("Killed") < log.index("trainingPipelines/1 failed")
    assert platform.state("shop_daily", "train") == "up_for_retry"


def test_a_training_of_a_model_that_is_there_makes_its_next_version(google: FakeGoogle) -> None:
    google.vertex_ai.models.add("churn")
    started(a_training())
    (job,) = google.vertex_ai.jobs.values()
    assert (job.model_id, job.parent_model) == (
        "",
        "projects/my-project/locations/europe-west1/models/churn",
    )


@pytest.mark.parametrize("where", ["in Cloud Storage", "in the project"])
def test_a_pipeline_job_gets_its_parameters_and_the_interval(
    platform: Platform, google: FakeGoogle, gcs: FakeGcs, tmp_path: Path, where: str
) -> None:
    world = World(tmp_path, PLATFORM + VERTEX)
    world.team("shop", text=SCORE % (TEMPLATE if where == "in Cloud Storage" else "pipelines/score.json"))
    world.file("shop/pipelines/score.json", json.dumps({"pipelineSpec": COMPILED, "runtimeConfig": {}}))
    assert world.findings() == []
    spec = world.spec("shop_daily")
    if where == "in the project":
        arguments = spec.tasks[0].arguments
        assert arguments["template_path"] == "../shop/pipelines/score.json"
        arguments["template_path"] = str(tmp_path / "shop/pipelines/score.json")
    platform.deploy(spec)
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("shop_daily", "score") == "deferred"
    (job,) = google.vertex_ai.jobs.values()
    assert job.name == "projects/my-project/locations/europe-west1/pipelineJobs/1"
    assert (job.display_name, job.service_account) == ("score", "jobs@my-project.iam.gserviceaccount.com")
    labels = dict(job.labels)
    assert len(labels.pop("dbt_scheduler_task")) == 12
    assert labels == {**LABELS, "task": "score"}
    made = vertex.PipelineJob.to_dict(job)
    assert made["pipeline_spec"] == COMPILED
    assert made["runtime_config"]["gcs_output_directory"] == "gs://my-bucket/vertex-ai"
    assert made["runtime_config"]["parameter_values"] == {
        "market": "{{ hello }}",
        "rows": 7,
        "labels": {"a": [True]},
        "data_interval_end": "2025-03-02T00:10:00+00:00",
    }
    google.vertex_ai.end("SUCCEEDED")
    platform.work()
    assert platform.state("shop_daily", "score") == "success"


def test_a_pipeline_that_fails_names_the_tasks_of_it_that_did_and_shows_their_output(
    google: FakeGoogle, gcs: FakeGcs, capsys: pytest.CaptureFixture[str]
) -> None:
    task = a_pipeline()
    trigger = started(task)
    (job,) = google.vertex_ai.jobs.values()
    done = [
        {"container_detail": {"main_job": f"projects/1/locations/europe-west1/customJobs/{number}"}}
        for number in (5, 6)
    ]
    job.job_detail = {
        "task_details": [
            {"task_name": "load", "executor_detail": done[0]},
            {"task_name": "fit", "executor_detail": done[1], "error": {"message": "exited with 1."}},
        ]
    }
    google.lines['resource.labels.job_id=("5" OR "6")'] = ["no rows"]
    google.vertex_ai.end("FAILED", "The DAG failed because some tasks failed.")
    event = asyncio.run(anext(trigger.run())).payload
    with pytest.raises(AirflowException) as failure:
        task.execute_complete(the_context(task), event)
    assert str(failure.value) == (
        f"The Vertex AI job {job.name} failed: The DAG failed because some tasks failed.\nfit: exited with 1."
    )
    assert "no rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, rf"^The pipeline {TEMPLATE} cannot be read: 404 "),
        (b"[1]", rf"^{TEMPLATE} is not a compiled pipeline: it has no root"),
        (
            json.dumps({**COMPILED, "schemaVersion": "2.0.0"}).encode(),
            r"its schemaVersion is 2\.0\.0, but Kubeflow",
        ),
        (json.dumps({**COMPILED, "root": {}}).encode(), '^The pipeline has no parameter "market"'),
        (
            json.dumps(
                {**COMPILED, "root": {"inputDefinitions": {"parameters": {**DECLARED, "year": {}}}}}
            ).encode(),
            '^The required parameter "year" of the pipeline is not set',
        ),
    ],
    ids=["missing", "something else", "of before", "unknown parameter", "no value"],
)
def test_a_pipeline_that_cannot_be_run_fails_the_task_with_what_is_wrong(
    google: FakeGoogle, gcs: FakeGcs, content: bytes | None, said: str
) -> None:
    gcs.buckets["bucket"].clear()
    if content is not None:
        gcs.put("bucket", "pipelines/score.yaml", content)
    task = a_pipeline()
    with pytest.raises(AirflowException, match=said):
        task.execute(the_context(task))
    assert google.vertex_ai.jobs == {}


def a_training() -> Any:
    return _a_task({"training": {"model": "churn", "serving_image": "serve:1"}})


def a_pipeline() -> Any:
    parameters = {"market": "eu", "rows": 1, "labels": {}}
    return _a_task({"pipeline_job": {"template": TEMPLATE, "parameters": parameters}})


def _a_task(settings: dict[str, Any]) -> Any:
    env = {"DBT_SCHEDULER_DATA_INTERVAL_END": "2025-03-02T00:10:00+00:00"}
    job = Job(name="t", command=("x",), cwd=".", env=env, image="i:1", settings=settings)
    where = {"region": "europe-west1", "output_directory": "gs://my-bucket"}
    return a_google_task("vertex-ai", PlaceSettings(where="vertex-ai", settings=where), job)


BOTH = pytest.mark.parametrize("a_task", [a_training, a_pipeline])


@BOTH
def test_a_retry_cancels_the_jobs_of_a_killed_try_and_of_no_other_task(
    google: FakeGoogle, gcs: FakeGcs, a_task: Any
) -> None:
    task = a_task()
    started(task)
    started(task, "another run")
    started(task)
    assert google.vertex_ai.states() == ["CANCELLED", "PENDING", "PENDING"]


@BOTH
def test_a_stopped_waiting_task_cancels_its_running_jobs(
    google: FakeGoogle, gcs: FakeGcs, a_task: Any
) -> None:
    trigger = started(a_task())
    asyncio.run(trigger.on_kill())
    assert google.vertex_ai.states() == ["CANCELLED"]


GONE = pytest.mark.parametrize(
    ("code", "state"), [(grpc.StatusCode.FAILED_PRECONDITION, "SUCCEEDED"), (grpc.StatusCode.NOT_FOUND, None)]
)


def ends_before_it_is_cancelled(
    google: FakeGoogle, trigger: Any, code: grpc.StatusCode, state: str | None
) -> None:
    """The trigger's job ends, or is deleted, right before it is cancelled."""

    def meanwhile() -> None:
        if state:
            google.vertex_ai.end(state)
        else:
            del google.vertex_ai.jobs[trigger.job]

    for method in ("CancelTrainingPipeline", "CancelPipelineJob"):
        google.fail(method, code, "it has ended", meanwhile)


@BOTH
@GONE
def test_a_waiting_task_that_is_stopped_after_its_job_ended(
    google: FakeGoogle, gcs: FakeGcs, a_task: Any, code: grpc.StatusCode, state: str | None
) -> None:
    trigger = started(a_task())
    ends_before_it_is_cancelled(google, trigger, code, state)
    asyncio.run(trigger.on_kill())
    assert google.vertex_ai.states() == ([state] if state else [])


@BOTH
@GONE
def test_a_retry_starts_though_what_a_try_left_has_ended_meanwhile(
    google: FakeGoogle, gcs: FakeGcs, a_task: Any, code: grpc.StatusCode, state: str | None
) -> None:
    task = a_task()
    ends_before_it_is_cancelled(google, started(task), code, state)
    started(task)
    assert google.vertex_ai.states() == ([state, "PENDING"] if state else ["PENDING"])


@BOTH
def test_what_runs_is_cancelled_when_its_tasks_time_is_up(
    google: FakeGoogle, gcs: FakeGcs, a_task: Any
) -> None:
    task = a_task()
    started(task)
    with pytest.raises(TaskDeferralTimeout):
        task.resume_execution("__fail__", {"error": "Trigger timeout"}, the_context(task))
    assert google.vertex_ai.states() == ["CANCELLED"]


@pytest.mark.parametrize(
    ("a_task", "method"), [(a_training, "CreateTrainingPipeline"), (a_pipeline, "CreatePipelineJob")]
)
def test_a_task_that_is_stopped_while_its_job_starts_leaves_none_running(
    google: FakeGoogle, gcs: FakeGcs, a_task: Any, method: str
) -> None:
    task = a_task()
    google.wait_in(method, lambda: os.kill(os.getpid(), signal.SIGTERM))
    old = signal.signal(signal.SIGTERM, lambda *_: task.on_kill())  # like Airflow's task runner
    try:
        with pytest.raises(AirflowException, match="The task was stopped"):
            task.execute(the_context(task))
    finally:
        signal.signal(signal.SIGTERM, old)
    assert google.vertex_ai.states() == ["CANCELLED"]
