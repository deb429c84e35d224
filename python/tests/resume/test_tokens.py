"""Tokens for Airflow's API from other sources than Airflow's own login."""

import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bigquery import write_key
from dbt_scheduler.airflow_api.errors import AirflowApiError, AirflowForbiddenError
from dbt_scheduler.airflow_api.rights import ALL_DAGS, READ_DAGS
from dbt_scheduler.airflow_api.tokens import new_token, sources
from dbt_scheduler.cli.airflow_options import Connection, connection, open_api
from dbt_scheduler.findings.finding import CannotRunError


class Managed(ThreadingHTTPServer):
    """A managed Airflow that accepts one token and issues none, and Google's token server."""

    daemon_threads = True

    def __init__(self) -> None:
        self.takes, self.gives = "a-token", ["a-token"]
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Managed

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        taken = self.headers["Authorization"] == f"Bearer {self.server.takes}"
        self._answer(200 if taken else 401, {"version": "3.3.2"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(self.path)
        if self.path == "/google" and self.server.gives:
            self._answer(200, {"access_token": self.server.gives.pop(0), "expires_in": 3600})
        else:
            self._answer(403, {"error": "access_denied", "error_description": "not this account"})

    def _answer(self, code: int, body: dict[str, object]) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def managed() -> Iterator[Managed]:
    with Managed() as server:
        Thread(target=server.serve_forever, args=[0.01]).start()
        yield server
        server.shutdown()


@pytest.fixture
def account(managed: Managed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = write_key(tmp_path / "key.json")
    key.write_text(json.dumps({**json.loads(key.read_text()), "token_uri": f"http://{managed.host}/google"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))


def where(managed: Managed, extra: object, password: str | None = None) -> Connection:
    """The connection with this extra field, from the environment variable."""
    fields = {"conn_type": "http", "host": managed.host, "password": password, "extra": extra}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_MANAGED", json.dumps(fields))
        return connection("managed", None, None, None)


def version(managed: Managed, extra: object, password: str | None = None) -> str:
    """The version of that Airflow."""
    with open_api(where(managed, extra, password), 30) as api:
        return api.version()


@pytest.mark.parametrize("extra", [{"token": "bearer"}, '{"token": "bearer", "timeout": 3}'])
def test_the_password_is_the_token(managed, extra):
    assert version(managed, extra, "a-token") == "3.3.2"
    assert managed.asked == ["/api/v2/version"]


def test_a_connection_as_a_url_is_equivalent(managed, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_MANAGED", f"http://:a-token@{managed.host}/?token=bearer")
    with open_api(connection("managed", None, None, None), 30) as api:
        assert api.version() == "3.3.2"


def test_google_gives_a_token_and_another_when_it_is_no_longer_taken(managed, account):
    managed.gives = ["a-token", "b-token"]
    with open_api(where(managed, {"token": "google"}), 30) as api:
        assert api.version() == "3.3.2"
        managed.takes = "b-token"
        assert api.version() == "3.3.2"
    assert managed.asked == ["/google", "/api/v2/version", "/api/v2/version", "/google", "/api/v2/version"]


@pytest.mark.parametrize(
    ("extra", "what_to_do"),
    [
        (
            {"token": "bearer"},
            "it may have expired: create a new one and set it as the connection's password.",
        ),
        ({"token": "google"}, "check that the worker's Google account is a user of this Airflow."),
    ],
)
def test_a_token_that_has_expired_is_not_said_to_lack_rights(managed, account, extra, what_to_do):
    managed.takes, managed.gives = "another", ["a-token"]
    with open_api(where(managed, extra, "a-token"), 30) as api:
        for ask in (api.version, lambda: api.has_right(READ_DAGS, ALL_DAGS)):
            managed.gives = ["a-token"]
            with pytest.raises(AirflowApiError) as refused:
                ask()
            assert not isinstance(refused.value, AirflowForbiddenError)
            said = str(refused.value)
            assert said.startswith(f"Airflow at http://{managed.host} returned 401 for GET /api/v2/")
            assert said.endswith(f", so it rejected the token: {what_to_do}")
            assert "a-token" not in said


def test_without_a_source_airflow_gives_the_token(managed):
    with pytest.raises(CannotRunError, match="check the login and password of the connection"):
        version(managed, {})
    assert managed.asked == ["/auth/token"]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (
            {"token": "mwaa"},
            'Unknown token source "mwaa" in the extra field of the connection to Airflow; available token sources: bearer, google.',
        ),
        ({"token": ["bearer"]}, "Unknown token source \"['bearer']\" in the extra field"),
        ({"token": "bearer"}, "has no password: with this token source"),
        ({"token": "google"}, "Could not get a Google token for Airflow's API (RefreshError)"),
    ],
)
def test_what_gives_no_token_is_one_line(managed, account, extra, said):
    managed.gives = []
    with pytest.raises(CannotRunError) as error:
        version(managed, extra)
    (finding,) = error.value.findings
    assert said in finding.message
    assert "\n" not in finding.message


def test_a_token_that_no_header_can_hold_is_not_shown(managed):
    with pytest.raises(CannotRunError) as error:
        version(managed, {"token": "bearer"}, "a-tok\nen")
    assert "tok\nen" not in str(error.value)


def test_a_library_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(
        AirflowApiError,
        match=r'requires a package that is not installed: pip install "google-auth\[requests\]"',
    ):
        new_token("google", "")


@pytest.mark.parametrize("name", sources())
def test_each_source_has_a_description(name):
    source = sources()[name]
    assert source.description
    assert source.refused
    assert "\n" not in source.refused
    assert "\n" not in source.description
