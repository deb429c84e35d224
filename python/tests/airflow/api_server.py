"""Airflow's real public API on loopback, in this process, on the tests' own database."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from harness import airflows_own_warnings

with airflows_own_warnings():
    from airflow.api_fastapi.app import create_app


@contextmanager
def public_api() -> Iterator[str]:
    """The API's URL; as configured for the tests, it requires no login."""
    with airflows_own_warnings():
        app = create_app(apps="core")
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 300
        while not server.started:
            assert time.monotonic() < deadline, "the API did not start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)
        listening.close()
