"""Google Cloud's APIs as their own clients see them, at the gRPC border: Vertex AI's jobs, which end when a test says so."""

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.api_core import grpc_helpers, grpc_helpers_async
from google.cloud import aiplatform_v1 as vertex

CONNECTION = (
    '{"conn_type": "google_cloud_platform", "extra": {"is_anonymous": true, "project": "my-project"}}'
)


class FakeGoogle:
    """What was asked, and what there is; a method can be made to fail once with ``fail``."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.custom_jobs: dict[str, Any] = {}
        self._waits: dict[str, Callable[[], None]] = {}
        self._over = threading.Event()
        self._failures: dict[str, list[tuple[grpc.StatusCode, str]]] = {}
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        self._serve(
            "google.cloud.aiplatform.v1.JobService",
            CreateCustomJob=(vertex.CreateCustomJobRequest, self._create),
            ListCustomJobs=(vertex.ListCustomJobsRequest, self._list),
            GetCustomJob=(vertex.GetCustomJobRequest, lambda asked: self.custom_jobs[asked.name]),
            CancelCustomJob=(vertex.CancelCustomJobRequest, self._cancel),
        )
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        """Answer nobody any more."""
        self._over.set()
        self._server.stop(None).wait()

    def fail(self, method: str, code: grpc.StatusCode, text: str) -> None:
        """Refuse the next call of a method."""
        self._failures.setdefault(method, []).append((code, text))

    def wait_in(self, method: str, meanwhile: Callable[[], None]) -> None:
        """Do what is asked in the next call of a method, but give no answer."""
        self._waits[method] = meanwhile

    def names(self) -> list[str]:
        """The methods that were called, in order."""
        return [name for name, _ in self.asked]

    def end(self, state: str, message: str = "") -> None:
        """Every custom job that has not ended ends now."""
        for job in self._running():
            job.state = vertex.JobState[f"JOB_STATE_{state}"]
            job.error = {"code": 3, "message": message} if message else {}

    def states(self) -> list[str]:
        """The states of the custom jobs, in the order of their creation."""
        return [job.state.name.removeprefix("JOB_STATE_") for job in self.custom_jobs.values()]

    def _running(self) -> list[Any]:
        return [
            job
            for job in self.custom_jobs.values()
            if job.state.name in {"JOB_STATE_PENDING", "JOB_STATE_RUNNING"}
        ]

    def _create(self, asked: Any) -> Any:
        name = f"{asked.parent}/customJobs/{len(self.custom_jobs) + 1}"
        asked.custom_job.name, asked.custom_job.state = name, vertex.JobState.JOB_STATE_PENDING
        self.custom_jobs[name] = asked.custom_job
        return asked.custom_job

    def _list(self, asked: Any) -> Any:
        label, _, value = asked.filter.removeprefix("labels.").partition("=")
        found = [job for job in self.custom_jobs.values() if dict(job.labels).get(label) == value]
        return vertex.ListCustomJobsResponse(custom_jobs=found)

    def _cancel(self, asked: Any) -> Any:
        self.custom_jobs[asked.name].state = vertex.JobState.JOB_STATE_CANCELLED
        return None

    def _serve(self, service: str, **methods: tuple[Any, Callable[[Any], Any]]) -> None:
        handlers = {name: self._handler(name, *method) for name, method in methods.items()}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))

    def _handler(self, name: str, asked_type: Any, answer: Callable[[Any], Any]) -> Any:
        def handle(asked: Any, context: Any) -> Any:
            self.asked.append((name, asked))
            if failures := self._failures.get(name):
                context.abort(*failures.pop(0))
            answered = answer(asked)
            if meanwhile := self._waits.pop(name, None):
                meanwhile()
                self._over.wait()
            return answered

        return grpc.unary_unary_rpc_method_handler(
            handle,
            request_deserializer=asked_type.deserialize,
            response_serializer=lambda made: b"" if made is None else type(made).serialize(made),
        )


@contextmanager
def fake_google(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGoogle]:
    """Google's clients reach this, whatever host they ask for, and Airflow has a connection for them."""
    fake = FakeGoogle()
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", CONNECTION)
    monkeypatch.setattr(grpc_helpers, "create_channel", lambda *_, **__: grpc.insecure_channel(fake.address))
    monkeypatch.setattr(
        grpc_helpers_async, "create_channel", lambda *_, **__: grpc.aio.insecure_channel(fake.address)
    )
    yield fake
    fake.stop()
