"""A fake Slack on 127.0.0.1 for its real clients, with configurable responses."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

PEOPLE = [
    {"id": "U0000GONE", "deleted": True, "name": "amazing.person", "profile": {}},
    {"id": "U0AMAZING", "name": "amazing.person", "profile": {"display_name": "Amazing"}},
    {"id": "U0SOMEBODY", "name": "sb", "profile": {"display_name": "some.owner.person"}},
]
GROUPS = [{"id": "S0OWNERS", "handle": "some.owner.team"}]


class Slack:
    """The requests, and the ``answers`` by method, which are returned one after the other before the default ones.

    A response is (status, headers, body); a number is a pause in seconds before the default response.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, list[Any]] = {}

    @property
    def posted(self) -> list[dict[str, Any]]:
        """The messages received, including rejected ones."""
        return [body for method, body in self.asked if method in {"chat.postMessage", "hook"}]

    @property
    def texts(self) -> list[str]:
        """The texts of the messages."""
        return [body["text"] for body in self.posted]

    def answer(self, method: str, body: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        """The response to a request."""
        self.asked.append((method, body))
        if self.answers.get(method):
            answer = self.answers[method].pop(0)
            if isinstance(answer, tuple):
                return answer
            time.sleep(answer)  # a slow Slack
        if method == "hook":
            return 200, {}, "ok"
        return 200, {}, json.dumps({"ok": True, **self._usual(method, body)})

    def _usual(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        if method == "usergroups.list":
            return {"usergroups": GROUPS}
        if method == "users.lookupByEmail":
            return {"user": {"id": "U0BYMAIL"}}
        if method == "users.list":  # two pages
            first = not body.get("cursor")
            return {
                "members": PEOPLE[:2] if first else PEOPLE[2:],
                "response_metadata": {"next_cursor": "2" if first else ""},
            }
        return {}


def _form(text: str) -> dict[str, Any]:
    return {key: values[0] for key, values in parse_qs(text).items()}


@contextmanager
def listening() -> Iterator[Slack]:
    """Run the fake while it is used."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            path, _, query = self.path.partition("?")
            body = json.loads(raw) if raw.startswith("{") else _form(raw)
            body |= _form(query)
            status, headers, text = slack.answer(path.rpartition("/")[2], body)
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST  # noqa: N815 - the standard library's name

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    slack = Slack(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield slack
    server.shutdown()
    thread.join()
    server.server_close()
