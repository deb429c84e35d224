"""The pages as inside Airflow: the bundle and its documents over HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from site_documents import BUNDLE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


class LivePages:
    """A fake of the plugin: serves the bundle and documents over HTTP; documents may be set to fail.

    A document can be a function of the query.
    """

    def __init__(self) -> None:
        live = self
        self.documents: dict[str, Any] = {}
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                """Log nothing."""

            def do_GET(self) -> None:
                status, type_, body = live.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", type_)
                self.send_header("Content-Security-Policy", POLICY)
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, target: str) -> tuple[int, str, bytes]:
        """A file of the bundle, a document, or an error if the document is a status code."""
        path = unquote(urlsplit(target).path).lstrip("/")
        if path.startswith("data/"):
            self.asked.append(unquote(target))
            document = self.documents.get(path.removeprefix("data/"), 404)
            if callable(document):
                document = document(parse_qs(urlsplit(target).query))
            if isinstance(document, int):
                return document, "application/json", b'{"detail": "the registry cannot be reached"}'
            return 200, "application/json", json.dumps(document).encode()
        body = (BUNDLE / path).read_bytes()
        if path == "index.html":
            body = body.replace(b'data-source="static"', b'data-source="live"')
        return (
            200,
            {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}[Path(path).suffix],
            body,
        )

    def end(self) -> None:
        """Stop the server."""
        self.server.shutdown()
        self.server.server_close()
