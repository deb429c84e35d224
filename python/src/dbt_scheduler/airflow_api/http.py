"""Requests to Airflow's public REST API: authentication, retries and error messages."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec

from dbt_scheduler.airflow_api.answers import Refusal
from dbt_scheduler.airflow_api.errors import AirflowApiError, AirflowForbiddenError, AirflowUnauthorizedError
from dbt_scheduler.airflow_api.tokens import advice_on_refusal, new_token
from dbt_scheduler.findings.printable import one_line, redacted, shown_url

_PAGE = 100
"""Airflow's default ``[api] maximum_page_limit``: a larger page would be truncated silently."""

_TRIES = 3
_PAUSE_SECONDS = 0.3
_LONGEST_CALL_SECONDS = 20.0
_LONGEST_DETAIL = 300
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _SERVER_ERROR = 401, 403, 404, 500
_INVALID_TOKEN = b"Invalid JWT token"
"""Airflow's message for a rejected token, in a response with the status code of a missing permission."""

_Answer = TypeVar("_Answer")
_Item = TypeVar("_Item")


class Page(Protocol[_Item]):
    """One page of a list, and the total number of items."""

    total_entries: int
    items: list[_Item]


class AirflowHttp:
    """A client with its own token and time budget; may be used from several threads."""

    def __init__(
        self,
        url: str,
        credentials: tuple[str, str],
        budget_seconds: float,
        transport: httpx.BaseTransport | None,
        token_source: str | None = None,
    ) -> None:
        if any(sign in url for sign in ("@", "%40", "?", "#")):
            raise AirflowApiError(
                f"{shown_url(url)} must not contain credentials or a query: use the login and "
                "password fields of the connection."
            )
        self.url = url.rstrip("/")
        self._credentials = credentials
        self._token_source = token_source
        self._deadline = time.monotonic() + budget_seconds
        self._token: str | None = None
        try:
            self._client = httpx.Client(base_url=self.url, transport=transport)
        except (httpx.InvalidURL, ValueError):  # also for a proxy in the environment
            raise AirflowApiError(
                f"{self.url}, or the URL of a proxy, is not a valid URL: check the connection's host."
            ) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @property
    def seconds_left(self) -> float:
        """The rest of the time budget in seconds; zero or less if it is used up."""
        return self._deadline - time.monotonic()

    def allow(self, seconds: float) -> None:
        """Extend the budget, if less than this is left."""
        self._deadline = max(self._deadline, time.monotonic() + seconds)

    def search(self, path: str, body: Mapping[str, object], answer: type[Page[_Item]]) -> list[_Item]:
        """All items of a list request, page by page; keys of ``body`` that are None are left out."""
        pages = self._pages(self._search(path, body, {"page_limit": _PAGE, "order_by": "id"}), answer)
        return [item for page, _ in pages for item in page]

    def search_newest(
        self,
        path: str,
        body: Mapping[str, object],
        answer: type[Page[_Item]],
        *,
        order_by: str,
        page_limit: int,
    ) -> Iterator[tuple[list[_Item], bool]]:
        """The same by page, each with whether it is the last one, in descending order of ``order_by``.

        New items shift the following pages, so a page may repeat items of the one before.
        """
        paging = {"page_limit": page_limit, "order_by": f"-{order_by}"}
        return self._pages(self._search(path, body, paging), answer)

    def _search(
        self, path: str, body: Mapping[str, object], paging: Mapping[str, object]
    ) -> Callable[[int], httpx.Response]:
        wanted = {key: value for key, value in body.items() if value is not None}
        return lambda at: self._request_with_retries("POST", path, {**wanted, **paging, "page_offset": at})

    def read_list(
        self, path: str, query: Mapping[str, Sequence[str]], answer: type[Page[_Item]]
    ) -> list[_Item]:
        """The same for a list with its conditions in the query string."""
        asked = urlencode(query, doseq=True)
        pages = self._pages(
            lambda at: self._request_with_retries("GET", f"{path}?{asked}&limit={_PAGE}&offset={at}"), answer
        )
        return [item for page, _ in pages for item in page]

    def _pages(
        self, page_at: Callable[[int], httpx.Response], answer: type[Page[_Item]]
    ) -> Iterator[tuple[list[_Item], bool]]:
        at, last = 0, False
        while not last:
            reply = page_at(at)
            self.raise_for_status(reply)
            page = self.decode(reply, answer)
            at += len(page.items)
            last = not page.items or at >= page.total_entries
            yield page.items, last

    def read(self, path: str, answer: type[_Answer]) -> _Answer | None:
        """One object; None if it does not exist."""
        reply = self._request_with_retries("GET", path)
        if reply.status_code == _NOT_FOUND:
            return None
        self.raise_for_status(reply)
        return self.decode(reply, answer)

    def _request_with_retries(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> httpx.Response:
        """A read request, which may be repeated."""
        for tried in range(1, _TRIES + 1):
            last = tried == _TRIES
            try:
                reply = self.request(method, path, body)
            except _UnreachableError:
                if last:
                    raise
            else:
                if last or reply.status_code < _SERVER_ERROR:
                    return reply
            self.pause(_PAUSE_SECONDS * 2**tried)
        raise AssertionError("unreachable: the last try returns or raises")

    def pause(self, seconds: float) -> None:
        """Sleep for about this long, within the budget; it varies, so that two callers do not collide again and again."""
        time.sleep(max(0.0, min(seconds * random.uniform(0.75, 1.25), self.seconds_left)))  # noqa: S311

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        longest: float = _LONGEST_CALL_SECONDS,
    ) -> httpx.Response:
        """One request, within ``longest`` seconds; repeated with a new token if the old one is rejected.

        Raises AirflowUnauthorizedError and AirflowForbiddenError. The caller handles all other status codes.
        """
        fresh = self._token is None
        if fresh:
            self._log_in()
        reply = self._send(method, path, body, longest)
        if _is_token_refused(reply) and not fresh:
            self._log_in()
            reply = self._send(method, path, body, longest)
        if reply.status_code in (_UNAUTHORIZED, _FORBIDDEN):
            self.raise_for_status(reply)
        return reply

    def _log_in(self) -> None:
        self._token = None
        login, password = self._credentials
        if self._token_source:
            self._token = new_token(self._token_source, password)
            return
        for tried in range(1, _TRIES + 1):
            reply = (
                self._send("POST", "/auth/token", {"username": login, "password": password})
                if login
                else self._send("GET", "/auth/token")
            )
            if reply.status_code < _SERVER_ERROR or tried == _TRIES:
                break
            self.pause(_PAUSE_SECONDS * 2**tried)
        if reply.status_code in (_UNAUTHORIZED, _FORBIDDEN):
            who = f'the login "{login}"' if login else "requests without a login"
            raise AirflowApiError(
                f"Airflow at {self.url} rejected {who}: check the login and password of the connection."
            )
        self.raise_for_status(reply)
        self._token = self.decode(reply, _Token).access_token

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        longest: float = _LONGEST_CALL_SECONDS,
    ) -> httpx.Response:
        if self.seconds_left <= 0:
            raise AirflowApiError(f"Airflow at {self.url} did not respond within the time limit.")
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            return self._client.request(
                method,
                path,
                content=None if body is None else msgspec.json.encode(body),
                headers=headers,
                timeout=min(longest, self.seconds_left),
            )
        except (httpx.HTTPError, UnicodeError) as error:  # UnicodeError: not a valid host name
            reason = redacted(error) or type(error).__name__
            raise _UnreachableError(
                f"Airflow at {self.url} cannot be reached ({reason}): check that its API server is "
                "running, and the host and port of the connection."
            ) from None

    def raise_for_status(self, reply: httpx.Response) -> None:
        """Raise AirflowApiError unless the response is a success."""
        if reply.is_success:
            return
        what = f"{reply.request.method} {reply.request.url.path}"
        if _is_token_refused(reply):
            raise AirflowUnauthorizedError(
                f"Airflow at {self.url} returned {reply.status_code} for {what}, so it rejected the token: "
                f"{advice_on_refusal(self._token_source)}."
            )
        if reply.status_code == _FORBIDDEN:
            raise AirflowForbiddenError(
                f"Airflow at {self.url} returned 403 for {what}: the connection's user needs "
                "permission to read and edit DAGs, DAG runs and task instances."
            )
        if reply.status_code == _NOT_FOUND:
            advice = "it does not exist, or the connection's host is not Airflow 3"
        elif detail := _detail(reply):
            advice = f'"{detail}"; see also the log of its API server'
        else:
            advice = "check the log of its API server"
        raise AirflowApiError(f"Airflow at {self.url} returned {reply.status_code} for {what}: {advice}.")

    def decode(self, reply: httpx.Response, answer: type[_Answer]) -> _Answer:
        """Decode a successful response. Raises AirflowApiError if it is not one of Airflow."""
        try:
            return msgspec.json.decode(reply.content, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise AirflowApiError(
                f"{self.url} did not return an Airflow response: check that the connection's host is "
                "an Airflow 3 API server."
            ) from None


def _is_token_refused(reply: httpx.Response) -> bool:
    """Whether a token was rejected: Airflow returns 401 for an expired one, but 403 for one that it did not sign."""
    if reply.status_code == _FORBIDDEN:
        return _INVALID_TOKEN in reply.content
    return reply.status_code == _UNAUTHORIZED


def _detail(reply: httpx.Response) -> str | None:
    """The start of Airflow's error message, on one line; None if there is none."""
    try:
        said = msgspec.json.decode(reply.content, type=Refusal).detail
    except (msgspec.DecodeError, UnicodeDecodeError):  # a proxy's page, or a list of errors in the request
        return None
    return one_line(redacted(said[:_LONGEST_DETAIL].strip()))[:_LONGEST_DETAIL]


class _UnreachableError(AirflowApiError):
    """The connection failed, so a retry may succeed."""


class _Token(msgspec.Struct):
    access_token: str
