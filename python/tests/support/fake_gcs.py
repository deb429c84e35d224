"""A fake of Google Cloud Storage at its HTTP border: the part of its JSON API that the client library uses."""

import base64
import hashlib
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

Answer = tuple[int, bytes]

_FIRST_BYTES = 1000


class FakeGcs:
    """Buckets of objects in memory, each with a content and a generation; writes are serialized, as in Cloud Storage.

    ``before`` is called with each request's method and path, and may return the response itself, as a status and a body;
    ``after_write`` likewise after an object is written, and ``arriving`` after the first bytes of an upload.
    ``calls`` has every request, as ``list``, ``get NAME``, ``put NAME``, ``spoiled`` or ``cut off``.
    """

    def __init__(self, *buckets: str) -> None:
        self.buckets: dict[str, dict[str, tuple[bytes, int]]] = {name: {} for name in buckets}
        self.before: Callable[[str, str], Answer | None] = lambda *_: None
        self.after_write: Callable[[str], Answer | None] = lambda _: None
        self.arriving: Callable[[], None] = lambda: None
        self.calls: list[str] = []
        self.page_size = 1000
        self.url = ""
        self._generation = 1_700_000_000_000_000
        self._lock = threading.Lock()
        self._uploads: dict[str, tuple[str, str, int]] = {}

    def put(self, bucket: str, name: str, content: bytes) -> str:
        """Set an object unconditionally; returns its generation."""
        with self._lock:
            self._generation += 1
            self.buckets[bucket][name] = (content, self._generation)
            return str(self._generation)

    def gets(self) -> list[str]:
        """The objects that were downloaded since ``calls`` was last cleared."""
        return sorted(call.removeprefix("get ") for call in self.calls if call.startswith("get "))

    @contextmanager
    def serving(self) -> Iterator["FakeGcs"]:
        """Run a server on this machine; ``url`` is its address."""
        fake = self

        class Handler(_Handler):
            gcs = fake

        server = _Server(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def list(self, bucket: str, query: dict[str, str]) -> Answer:
        """A page of a bucket's objects with a prefix, without those below a further slash."""
        self.calls.append("list")
        if bucket not in self.buckets:
            return _error(404, "The specified bucket does not exist.")
        prefix, after = query.get("prefix", ""), query.get("pageToken", "")
        with self._lock:
            objects = sorted(self.buckets[bucket].items())
        found = [
            {"name": name, "generation": str(generation)}
            for name, (_, generation) in objects
            if name.startswith(prefix) and "/" not in name.removeprefix(prefix) and name > after
        ]
        page = {"items": found[: self.page_size]}
        if len(found) > self.page_size:
            page["nextPageToken"] = page["items"][-1]["name"]
        return 200, json.dumps(page).encode()

    def get(self, bucket: str, name: str) -> tuple[bytes, int] | None:
        """An object's content and generation."""
        self.calls.append(f"get {name}")
        with self._lock:
            return self.buckets.get(bucket, {}).get(name)

    def delete(self, bucket: str, name: str) -> Answer:
        """Remove an object."""
        self.calls.append(f"delete {name}")
        with self._lock:
            if self.buckets.get(bucket, {}).pop(name, None) is None:
                return _error(404, "No such object")
        return 204, b""

    def write(self, bucket: str, name: str, content: bytes, expected: int | None) -> Answer:
        """Replace an object of the expected generation; 0: the object must not exist; None: unconditionally."""
        self.calls.append(f"put {name}")
        with self._lock:
            if bucket not in self.buckets:
                return _error(404, "The specified bucket does not exist.")
            if expected is not None and self.buckets[bucket].get(name, (b"", 0))[1] != expected:
                return _error(412, "At least one of the pre-conditions you specified did not hold.")
            self._generation += 1
            self.buckets[bucket][name] = (content, self._generation)
            generation = str(self._generation)
        spoiled = self.after_write(name)
        return spoiled or (
            200,
            json.dumps({"name": name, "generation": generation, **_sums(content)}).encode(),
        )

    def start_upload(self, bucket: str, name: str, expected: int) -> str:
        """Start an upload in parts; returns its id."""
        with self._lock:
            upload = str(len(self._uploads))
            self._uploads[upload] = (bucket, name, expected)
            return upload

    def upload(self, upload: str) -> tuple[str, str, int]:
        """The bucket, name and expected generation of an upload."""
        return self._uploads[upload]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that disconnect; report anything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    gcs: FakeGcs
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self._spoiled():
            return
        path, query = self._target()
        if match := re.fullmatch(r"/storage/v1/b/([^/]+)/o", path):
            self._answer(*self.gcs.list(match[1], query))
        elif match := re.fullmatch(r"/download/storage/v1/b/([^/]+)/o/([^/]+)", path):
            found = self.gcs.get(match[1], unquote(match[2]))
            if found is None:
                self._answer(*_error(404, "No such object"))
            else:
                sums = _sums(found[0])
                hashes = f"crc32c={sums['crc32c']},md5={sums['md5Hash']}"
                headers = {"X-Goog-Generation": str(found[1]), "X-Goog-Hash": hashes}
                self._answer(200, found[0], headers)
        else:
            self._answer(*_error(404, path))

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(min(length, _FIRST_BYTES))
        self.gcs.arriving()
        body += self.rfile.read(length - len(body))
        if len(body) < length:
            self.gcs.calls.append("cut off")
            self.close_connection = True
            return
        if self._spoiled():
            return
        path, query = self._target()
        match = re.fullmatch(r"/upload/storage/v1/b/([^/]+)/o", path)
        if match is None:
            self._answer(*_error(404, path))
        elif query["uploadType"] == "resumable":
            name, expected = json.loads(body)["name"], int(query["ifGenerationMatch"])
            upload = self.gcs.start_upload(match[1], name, expected)
            self._answer(200, b"", {"Location": f"{self.gcs.url}/upload/{upload}"})
        else:
            meta, content = _parts(self.headers["Content-Type"], body)
            expected = int(query["ifGenerationMatch"]) if "ifGenerationMatch" in query else None
            self._answer(*self.gcs.write(match[1], json.loads(meta)["name"], content, expected))

    def do_DELETE(self) -> None:
        if self._spoiled():
            return
        path, _ = self._target()
        match = re.fullmatch(r"/storage/v1/b/([^/]+)/o/([^/]+)", path)
        self._answer(*(self.gcs.delete(match[1], unquote(match[2])) if match else _error(404, path)))

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        bucket, name, expected = self.gcs.upload(self.path.rpartition("/")[2])
        self._answer(*self.gcs.write(bucket, name, body, expected))

    def log_message(self, *_: object) -> None:
        pass

    def _target(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        return parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()}

    def _spoiled(self) -> bool:
        answer = self.gcs.before(self.command, self.path)
        if answer is not None:
            self.gcs.calls.append("spoiled")
            self._answer(*answer)
        return answer is not None

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _parts(content_type: str, body: bytes) -> tuple[bytes, bytes]:
    """The metadata and the content of a multipart upload."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    _, meta, content, _ = body.split(b"--" + boundary, 3)
    return tuple(part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for part in (meta, content))


def _sums(content: bytes) -> dict[str, str]:
    """The checksums that the client verifies."""
    sums = {"crc32c": google_crc32c.Checksum(content).digest(), "md5Hash": hashlib.md5(content).digest()}  # noqa: S324
    return {name: base64.b64encode(digest).decode() for name, digest in sums.items()}


def _error(status: int, message: str) -> Answer:
    return status, json.dumps({"error": {"code": status, "message": message}}).encode()
