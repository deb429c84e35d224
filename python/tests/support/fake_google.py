"""Fakes of Google Cloud's APIs at the gRPC border, for their real clients: jobs end when a test ends them."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core import grpc_helpers, grpc_helpers_async
from google.cloud import aiplatform_v1 as vertex
from google.cloud import run_v2 as run
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse, LogEntry
from google.longrunning.operations_pb2 import Operation

from fake_gcs import FakeGcs

CONNECTION = (
    '{"conn_type": "google_cloud_platform", "extra": {"is_anonymous": true, "project": "my-project"}}'
)


class FakeGoogle:
    """The requests that were made; ``fail`` makes a method fail once."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.lines: dict[str, list[str]] = {}
        """The lines in Cloud Logging, the oldest first, by a part of the query that finds them."""
        self.vertex_ai, self.cloud_run = FakeVertexAi(), FakeCloudRun()
        self._waits: dict[str, Callable[[], None]] = {}
        self._over = threading.Event()
        self._failures: dict[str, list[tuple[grpc.StatusCode, str, Callable[[], None]]]] = {}
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        logs = {"ListLogEntries": (ListLogEntriesRequest, self._logs)}
        for service, methods in {
            **self.vertex_ai.services(),
            **self.cloud_run.services(),
            "google.logging.v2.LoggingServiceV2": logs,
        }.items():
            handlers = {name: self._handler(name, *method) for name, method in methods.items()}
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        """Stop responding."""
        self._over.set()
        self._server.stop(None).wait()

    def fail(
        self, method: str, code: grpc.StatusCode, text: str, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Reject the next call of a method, after calling ``meanwhile``."""
        self._failures.setdefault(method, []).append((code, text, meanwhile))

    def wait_in(self, method: str, meanwhile: Callable[[], None]) -> None:
        """Execute the next call of a method, but return no response."""
        self._waits[method] = meanwhile

    def names(self) -> list[str]:
        """The called methods, in order."""
        return [name for name, _ in self.asked]

    def _logs(self, asked: Any) -> Any:
        said = {**self.lines, **self.cloud_run.printed}
        found = [line for part, lines in said.items() if part in asked.filter for line in lines]
        return ListLogEntriesResponse(entries=[LogEntry(text_payload=line) for line in reversed(found)])

    def _handler(self, name: str, asked_type: Any, answer: Callable[[Any], Any]) -> Any:
        def handle(asked: Any, context: Any) -> Any:
            self.asked.append((name, asked))
            if failures := self._failures.get(name):
                code, text, before = failures.pop(0)
                before()
                context.abort(code, text)
            try:
                answered = answer(asked)
            except KeyError as missing:
                context.abort(grpc.StatusCode.NOT_FOUND, f"{missing} was not found")
            if meanwhile := self._waits.pop(name, None):
                meanwhile()
                self._over.wait()
            return answered

        return grpc.unary_unary_rpc_method_handler(
            handle,
            request_deserializer=asked_type.deserialize,
            response_serializer=lambda made: b"" if made is None else _proto(made).SerializeToString(),
        )


class FakeVertexAi:
    """Jobs of each type; a cancelled job ends at once. ``models`` are the ids in the Model Registry."""

    def __init__(self) -> None:
        self.jobs: dict[str, Any] = {}
        self.models: set[str] = set()

    def services(self) -> dict[str, Any]:
        package = "google.cloud.aiplatform.v1"
        model = {"GetModel": (vertex.GetModelRequest, self._model)}
        custom = self._methods("CustomJob", "custom_job", "customJobs")
        training = self._methods("TrainingPipeline", "training_pipeline", "trainingPipelines")
        pipeline = self._methods("PipelineJob", "pipeline_job", "pipelineJobs")
        return {
            f"{package}.JobService": custom,
            f"{package}.PipelineService": {**training, **pipeline},
            f"{package}.ModelService": model,
        }

    def end(self, state: str, message: str = "") -> None:
        """End every running job."""
        for job in [job for job in self.jobs.values() if job.state.name.endswith("_PENDING")]:
            _to(job, state)
            job.error = {"code": 3, "message": message} if message else {}

    def states(self) -> list[str]:
        """The states of the jobs, in the order of their creation."""
        return [job.state.name.partition("_STATE_")[2] for job in self.jobs.values()]

    def _methods(self, name: str, field: str, collection: str) -> dict[str, Any]:
        def create(asked: Any) -> Any:
            job = getattr(asked, field)
            job.name = f"{asked.parent}/{collection}/{len(self.jobs) + 1}"
            self.jobs[job.name] = _to(job, "PENDING")
            return job

        def listed(asked: Any) -> Any:
            label, _, value = asked.filter.removeprefix("labels.").partition("=")
            jobs = [job for job in self.jobs.values() if f"/{collection}/" in job.name]
            found = [job for job in jobs if dict(job.labels).get(label) == value]
            return getattr(vertex, f"List{name}sResponse")(**{f"{field}s": found})

        def cancel(asked: Any) -> None:
            _to(self.jobs[asked.name], "CANCELLED")

        return {
            f"Create{name}": (getattr(vertex, f"Create{name}Request"), create),
            f"List{name}s": (getattr(vertex, f"List{name}sRequest"), listed),
            f"Get{name}": (getattr(vertex, f"Get{name}Request"), lambda asked: self.jobs[asked.name]),
            f"Cancel{name}": (getattr(vertex, f"Cancel{name}Request"), cancel),
        }

    def _model(self, asked: Any) -> Any:
        if asked.name.split("/")[-1] not in self.models:
            raise KeyError(asked.name)
        return vertex.Model(name=asked.name)


def _to(job: Any, state: str) -> Any:
    """Set the state of a job: each type of job has its own enum."""
    job.state = next(each for each in type(job.state) if each.name.endswith(f"_STATE_{state}"))
    return job


class FakeCloudRun:
    """Jobs and their executions, with one task each: a job with a running execution cannot be deleted.

    The command of an image in ``images`` (with its folder and variables) runs as a process, with the buckets of
    ``storage`` that it mounts as folders. Other executions end when a test ends them.
    """

    def __init__(self) -> None:
        self.images: dict[str, tuple[Path, dict[str, str]]] = {}
        self.storage = FakeGcs()
        self.printed: dict[str, list[str]] = {}
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.jobs: dict[str, Any] = {}
        self.executions: dict[str, Any] = {}
        self.exit_code = 0

    def services(self) -> dict[str, Any]:
        jobs = {
            "CreateJob": (run.CreateJobRequest, self._create),
            "RunJob": (run.RunJobRequest, self._run),
            "DeleteJob": (run.DeleteJobRequest, self._delete),
        }
        executions = {
            "GetExecution": (run.GetExecutionRequest, lambda asked: self.executions[asked.name]),
            "ListExecutions": (run.ListExecutionsRequest, self._list),
            "CancelExecution": (run.CancelExecutionRequest, self._cancel),
        }
        tasks = {"ListTasks": (run.ListTasksRequest, self._tasks)}
        return {
            "google.cloud.run.v2.Jobs": jobs,
            "google.cloud.run.v2.Executions": executions,
            "google.cloud.run.v2.Tasks": tasks,
        }

    def end(self, exit_code: int = 0, message: str = "") -> None:
        """End every running execution."""
        for execution in [each for each in self.executions.values() if not each.completion_time]:
            self._end(execution, exit_code, message)

    def _end(self, execution: Any, exit_code: int, message: str) -> None:
        self.exit_code = exit_code
        execution.succeeded_count, execution.failed_count = int(not exit_code), int(bool(exit_code))
        execution.conditions = [{"type_": "Completed", "message": message}]
        execution.completion_time = datetime.now(UTC)

    def states(self) -> list[str]:
        """The states of the executions, in the order of their creation."""
        return [_state(each) for each in self.executions.values()]

    def _create(self, asked: Any) -> Any:
        name = f"{asked.parent}/jobs/{asked.job_id}"
        assert name not in self.jobs
        asked.job.name = name
        self.jobs[name] = asked.job
        return _done(asked.job)

    def _run(self, asked: Any) -> Any:
        assert asked.name in self.jobs
        name = f"{asked.name}/executions/{asked.name.split('/')[-1]}-{len(self.executions) + 1}"
        made = run.Execution(name=name, job=asked.name, task_count=1, log_uri="https://log.example/1")
        self.executions[name] = made
        task = self.jobs[asked.name].template.template
        if task.containers[0].image in self.images:
            self._start(made, task)
        operation = Operation(name=f"{name}/operation")
        operation.metadata.Pack(_proto(made))
        return operation

    def _delete(self, asked: Any) -> Any:
        assert "RUNNING" not in [_state(each) for each in self._of(asked.name)]
        return _done(self.jobs.pop(asked.name))

    def _list(self, asked: Any) -> Any:
        if asked.parent not in self.jobs:
            raise KeyError(asked.parent)
        return run.ListExecutionsResponse(executions=self._of(asked.parent))

    def _start(self, execution: Any, task: Any) -> None:
        (container,) = task.containers
        folder, env = self.images[container.image]
        buckets = {volume.name: volume.gcs.bucket for volume in task.volumes}
        mounts = {each.mount_path: buckets[each.name] for each in container.volume_mounts}
        given = {each.name: each.value for each in container.env}
        places: dict[Path, str] = {}
        found: dict[Path, bytes] = {}
        for path, bucket in mounts.items():
            place = Path(tempfile.mkdtemp())
            places[place] = bucket
            for name, (content, _) in self.storage.buckets[bucket].items():
                (place / name).write_bytes(content)
                found[place / name] = content
            given = {name: value.replace(path, str(place)) for name, value in given.items()}
        process = subprocess.Popen(
            [*container.command],
            cwd=folder,
            env={**env, **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.processes[execution.name] = process
        threading.Thread(target=self._wait, args=(execution, process, places, found)).start()

    def _wait(
        self,
        execution: Any,
        process: "subprocess.Popen[str]",
        places: dict[Path, str],
        found: dict[Path, bytes],
    ) -> None:
        lines = self.printed.setdefault(execution.name.split("/")[-1], [])
        assert process.stdout is not None
        with process.stdout:
            lines += [line.rstrip("\n") for line in process.stdout]
        code = process.wait()
        for place, bucket in places.items():
            for file in place.iterdir():
                if (content := file.read_bytes()) != found.get(file):
                    self.storage.put(bucket, file.name, content)
            shutil.rmtree(place)
        if not execution.completion_time:
            self._end(execution, code if code >= 0 else 128 - code, "The container exited with an error.")

    def _cancel(self, asked: Any) -> Any:
        execution = self.executions[asked.name]
        if process := self.processes.get(asked.name):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        execution.cancelled_count, execution.completion_time = 1, datetime.now(UTC)
        return _done(execution)

    def _tasks(self, asked: Any) -> Any:
        assert asked.parent in self.executions
        return run.ListTasksResponse(tasks=[{"last_attempt_result": {"exit_code": self.exit_code}}])

    def _of(self, job: str) -> list[Any]:
        return [each for each in self.executions.values() if each.job == job]


def _state(execution: Any) -> str:
    if not execution.completion_time:
        return "RUNNING"
    if execution.cancelled_count:
        return "CANCELLED"
    return "SUCCEEDED" if execution.succeeded_count else "FAILED"


def _done(made: Any) -> Operation:
    operation = Operation(name="operations/1", done=True)
    operation.response.Pack(_proto(made))
    return operation


def _proto(made: Any) -> Any:
    return made if isinstance(made, Operation) else type(made).pb(made)


@contextmanager
def fake_google(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGoogle]:
    """Connect Google's clients to the fakes, whatever their host, with an Airflow connection for them."""
    fake = FakeGoogle()
    channels = Channels(fake.address)
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", CONNECTION)
    monkeypatch.setattr(grpc_helpers, "create_channel", channels.open)
    monkeypatch.setattr(grpc_helpers_async, "create_channel", channels.open_async)
    yield fake
    left = channels.close()
    fake.stop()
    assert not left, f"clients were left open for {left}"


class Channels:
    """The channels that clients open, and which of them were not closed: collecting one may block a worker."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._open: dict[int, tuple[str, Any]] = {}

    def open(self, host: str, *_: Any, **__: Any) -> Any:
        """Open a channel for a blocking client."""
        return self._kept(host, grpc.insecure_channel(self._address))

    def open_async(self, host: str, *_: Any, **__: Any) -> Any:
        """Open a channel for a client in an event loop."""
        return self._kept(host, grpc.aio.insecure_channel(self._address))

    def close(self) -> list[str]:
        """Close all channels except those whose event loop has ended; returns the hosts of those that were not closed."""
        left = [*self._open.values()]
        for _, channel in left:
            if isinstance(channel, grpc.Channel):
                channel.close()
        return [host for host, _ in left]

    def _kept(self, host: str, channel: Any) -> Any:
        self._open[id(channel)] = (host, channel)
        closed = channel.close

        def end(*arguments: Any) -> Any:
            self._open.pop(id(channel), None)
            return closed(*arguments)

        channel.close = end
        return channel
