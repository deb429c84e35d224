"""A fake of the Kubernetes API for pods: each pod's command runs as a real process on this machine.

It is at the HTTP border, for the real client. An image is a folder with an environment; otherwise the process sees this
machine. Pod specs with fields that the client's models do not have, or with names, labels or quantities that Kubernetes
would reject, are rejected.
"""

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from kubernetes.client import ApiClient

GRACE_SECONDS = 0.5
"""The time between a request to stop and the kill; 30 seconds in a real cluster."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_WORD = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|Ki|Mi|Gi)?")
_PODS = re.compile(r"/api/v1/namespaces/([^/]+)/pods(?:/([^/]+))?(/log)?")
_NODE = {"pool": "batch"}
"""The labels of the only node."""


class Image(NamedTuple):
    """The environment in which a pod's process starts."""

    folder: Path
    env: Mapping[str, str]


class RefusedError(Exception):
    """The API rejects a request with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class FakeCluster:
    """The server, with ``images``, ``secrets`` by name and key, and the existing ``pods`` by name.

    ``created`` are the specs of all pods that were ever created; ``fail`` makes the next requests fail.
    """

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self.secrets: dict[str, dict[str, str]] = {}
        self.pods: dict[str, Pod] = {}
        self.created: list[dict[str, Any]] = []
        self.log_breaks_at: Callable[[bytes], bool] = lambda _: False
        self._failures: list[tuple[str, int, bool]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cluster": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def connection(self) -> str:
        """The Airflow connection of this cluster."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        parts = {
            "clusters": [{"name": "fake", "cluster": {"server": url}}],
            "users": [{"name": "airflow", "user": {"token": "of-the-worker"}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "airflow"}}],
        }
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "fake", **parts}
        return json.dumps({"conn_type": "kubernetes", "extra": {"kube_config": config, "namespace": "dbt"}})

    def fail(self, request: str, status: int, times: int = 1, *, done: bool = False) -> None:
        """Fail the next requests that begin like this, such as ``POST /api/v1/namespaces/dbt/pods``.

        With ``done``, the server executes the request, and only its response is lost.
        """
        self._failures += [(request, status, done)] * times

    def clear(self) -> None:
        """Reset to the initial state, without pods."""
        for pod in [*self.pods.values()]:
            pod.kill()
        self.__dict__ |= {"pods": {}, "created": [], "_failures": [], "log_breaks_at": lambda _: False}

    def stop(self) -> None:
        self.clear()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def create(self, namespace: str, body: dict[str, Any]) -> dict[str, Any]:
        name = body["metadata"]["name"]
        require_valid(body)
        if body["metadata"]["namespace"] != namespace:
            raise RefusedError(400, "the namespace of the object does not match the namespace on the request")
        if name in self.pods:
            raise RefusedError(409, f'pods "{name}" already exists')
        self.created.append(json.loads(json.dumps(body)))
        self.pods[name] = Pod(self, body)
        self.pods[name].start()
        return self.pods[name].shown()

    def pod(self, name: str) -> "Pod":
        if name not in self.pods:
            raise RefusedError(404, f'pods "{name}" not found')
        return self.pods[name]

    def selected(self, selector: str) -> list[dict[str, Any]]:
        wanted = dict(part.split("=") for part in selector.split(",") if part)
        shown = [pod.shown() for pod in [*self.pods.values()]]
        return [pod for pod in shown if wanted.items() <= pod["metadata"]["labels"].items()]

    def failure(self, request: str) -> tuple[int, bool] | None:
        """The failure for a request, if any; used once."""
        found = next((each for each in self._failures if request.startswith(each[0])), None)
        if found is None:
            return None
        self._failures.remove(found)
        return found[1:]


class Pod:
    """A pod with one container; ``process`` is its command, ``output`` its output by time."""

    def __init__(self, cluster: FakeCluster, body: dict[str, Any]) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.output: list[tuple[datetime, bytes]] = []
        self.changed = threading.Condition()
        self.deleted = threading.Event()
        self._cluster, self._body = cluster, body
        self._container = body["spec"]["containers"][0]
        self._status: dict[str, Any] = {"phase": "Pending"}
        self._state: dict[str, Any] = {}
        self._killed = "Error"
        body["metadata"] |= {"uid": f"uid-{len(cluster.created)}", "creationTimestamp": _now()}

    @property
    def name(self) -> str:
        name: str = self._body["metadata"]["name"]
        return name

    @property
    def ended(self) -> bool:
        return "terminated" in self._state

    def shown(self) -> dict[str, Any]:
        """The pod in the format of the API."""
        ready = self._status["phase"] == "Running"
        one = {
            "name": self._container["name"],
            "image": self._container["image"],
            "imageID": "",
            "ready": ready,
        }
        statuses = [{**one, "restartCount": 0, "state": self._state}] if self._state else []
        return {**self._body, "status": {**self._status, "containerStatuses": statuses}}

    def start(self) -> None:
        """Run the command, or wait forever if something that the pod requires does not exist."""
        spec, image = self._body["spec"], self._cluster.images.get(self._container["image"])
        try:
            env = dict(self._variables())
        except LookupError as lacking:
            self._scheduled(
                {"waiting": {"reason": "CreateContainerConfigError", "message": str(lacking.args[0])}}
            )
            return
        if spec.get("nodeSelector", {}).items() - _NODE.items():
            self._status["conditions"] = [_condition("False", "Unschedulable", "0/1 nodes are available")]
        elif image is None:
            said = f'Back-off pulling image "{self._container["image"]}"'
            self._scheduled({"waiting": {"reason": "ImagePullBackOff", "message": said}})
        else:
            self._scheduled({})
            words = [*self._container.get("command", ()), *self._container.get("args", ())]
            self._run([_expanded(word, env) for word in words], {**image.env, **env}, image.folder)

    def delete(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Ask the process to stop, kill it after the grace period, and then delete the pod."""
        if "deletionTimestamp" not in self._body["metadata"]:
            self._body["metadata"]["deletionTimestamp"] = _now()
            threading.Thread(target=self._delete, args=(grace_seconds,)).start()

    def kill(self, container: str = "Error", **status: str) -> None:
        """Kill the process; the arguments are the reasons and the message for container and pod."""
        if self.ended:
            return
        self._status |= status
        self._killed = container
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            with self.changed:
                self.changed.wait_for(lambda: self.ended, 5)

    def lines(self, since: datetime | None, *, follow: bool) -> Iterator[tuple[datetime, bytes]]:
        """The output so far, and with ``follow`` also later output."""
        number = 0
        while True:
            with self.changed:
                more = self.output[number:]
                if not more:
                    if self.ended or not follow:
                        return
                    self.changed.wait(0.5)
            yield from (line for line in more if since is None or line[0] >= since)
            number += len(more)

    def _variables(self) -> Iterator[tuple[str, str]]:
        found: dict[str, str] = {}
        for variable in self._container.get("env", ()):
            if source := variable.get("valueFrom"):
                wanted = source["secretKeyRef"]
                if wanted["key"] not in self._cluster.secrets.get(wanted["name"], {}):
                    raise LookupError(f'secret "{wanted["name"]}" not found')
                found[variable["name"]] = self._cluster.secrets[wanted["name"]][wanted["key"]]
            else:
                found[variable["name"]] = _expanded(variable.get("value", ""), found)
        yield from found.items()

    def _scheduled(self, state: dict[str, Any]) -> None:
        self._status["conditions"] = [_condition("True", "", "")]
        self._state = state

    def _run(self, command: list[str], env: dict[str, str], folder: Path) -> None:
        try:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError:
            self._end(128, "StartError", f'exec: "{command[0]}": executable file not found in $PATH')
            return
        self._status |= {"phase": "Running", "startTime": _now()}
        self._state = {"running": {"startedAt": _now()}}
        threading.Thread(target=self._wait, args=(self.process,)).start()
        if deadline := self._body["spec"].get("activeDeadlineSeconds"):
            timer = threading.Timer(
                deadline, self.kill, kwargs={"reason": "DeadlineExceeded", "message": "late"}
            )
            timer.daemon = True
            timer.start()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        reading = threading.Thread(target=self._read, args=(process,))
        reading.start()
        code = process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # all processes of a container end with its first one
        reading.join()
        self._end(code if code >= 0 else 128 - code, "Completed" if code == 0 else self._killed)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                with self.changed:
                    self.output.append((datetime.now(UTC), line))
                    self.changed.notify_all()

    def _end(self, code: int, reason: str, message: str | None = None) -> None:
        ended = {"exitCode": code, "reason": reason, "message": message, "finishedAt": _now()}
        with self.changed:
            self._status["phase"] = "Succeeded" if code == 0 else "Failed"
            self._state = {"terminated": {name: value for name, value in ended.items() if value is not None}}
            self.changed.notify_all()

    def _delete(self, grace_seconds: float) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(grace_seconds)
        self.kill()
        self._cluster.pods.pop(self.name, None)
        self.deleted.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: FakeCluster

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(lambda found, _: self.cluster.create(found[1], body))

    def do_DELETE(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self._answer(self._delete)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def _answer(self, do: Callable[[re.Match[str], dict[str, str]], Any]) -> None:
        try:
            answer = self._done(do)
        except RefusedError as refused:
            said = {"kind": "Status", "status": "Failure", "message": str(refused), "code": refused.status}
            self._send(refused.status, said)
            return
        if answer is not None:
            self._send(201 if self.command == "POST" else 200, answer)

    def _done(self, do: Callable[[re.Match[str], dict[str, str]], Any]) -> Any:
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        found = _PODS.fullmatch(address.path)
        if failure := self.cluster.failure(f"{self.command} {address.path}"):
            if failure[1] and found:
                do(found, query)
            raise RefusedError(failure[0], f"the server says {failure[0]}")
        if address.path.endswith("/events"):
            return {"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": []}
        if found:
            return do(found, query)
        raise RefusedError(404, f"{address.path} is not found")

    def _get(self, found: re.Match[str], query: dict[str, str]) -> Any:
        if found[2] is None:
            items = self.cluster.selected(query.get("labelSelector", ""))
            return {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}
        pod = self.cluster.pod(found[2])
        return self._stream(pod, query) if found[3] else pod.shown()

    def _delete(self, found: re.Match[str], _: dict[str, str]) -> Any:
        pod = self.cluster.pod(found[2])
        pod.delete()
        return pod.shown()

    def _stream(self, pod: Pod, query: dict[str, str]) -> None:
        ago = query.get("sinceSeconds")
        since = datetime.now(UTC) - timedelta(seconds=int(ago)) if ago else None
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(ConnectionError):
            for moment, line in pod.lines(since, follow=query.get("follow") == "True"):
                if self.cluster.log_breaks_at(line):
                    self.close_connection = True
                    return
                chunk = (
                    f"{moment.isoformat()} ".encode() if query.get("timestamps") == "True" else b""
                ) + line
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")

    def _send(self, status: int, answer: Any) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def require_valid(body: dict[str, Any]) -> None:
    """Reject fields that the client's models do not have, and values that Kubernetes would reject."""
    client = ApiClient()
    known = client.sanitize_for_serialization(
        client.deserialize(SimpleNamespace(data=json.dumps(body)), "V1Pod")
    )
    if known != body:
        raise RefusedError(400, f"strict decoding error: {body} is read as {known}")
    meta, (container,) = body["metadata"], body["spec"]["containers"]
    names = [meta["name"], meta["namespace"], body["spec"].get("serviceAccountName", "default")]
    problems = [f"{name} is not a name" for name in names if not _NAME.fullmatch(name) or len(name) > 63]
    pairs = [*meta["labels"].items(), *body["spec"].get("nodeSelector", {}).items()]
    problems += [f"{value} is not a label" for _, value in pairs if value and not _WORD.fullmatch(value)]
    keys = [name.split("/") for name, _ in [*pairs, *meta.get("annotations", {}).items()]]
    problems += [
        f"{key} is not a key"
        for key in keys
        if not _WORD.fullmatch(key[-1]) or not all(map(_NAME.fullmatch, key[:-1])) or len(key) > 2
    ]
    quantities = [each for kind in container.get("resources", {}).values() for each in kind.values()]
    problems += [f"{each} is not a quantity" for each in quantities if not _QUANTITY.fullmatch(each)]
    if problems:
        raise RefusedError(422, f'Pod "{meta["name"]}" is invalid: {", ".join(problems)}')


def _condition(status: str, reason: str, message: str) -> dict[str, str]:
    return {"type": "PodScheduled", "status": status, "reason": reason, "message": message}


def _expanded(text: str, env: Mapping[str, str]) -> str:
    """Expand variables in a command's word or in a variable's value, like Kubernetes."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return env.get(found[1], found[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", value, text)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
