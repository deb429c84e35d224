"""The FastAPI application: authentication, responses and error messages."""

import logging
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Annotated
from urllib.parse import urlencode

import anyio
import anyio.to_thread
import msgspec
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response, status
from fastapi.responses import RedirectResponse

from dbt_scheduler.airflow_api.errors import AirflowApiError, AirflowForbiddenError, AirflowUnauthorizedError
from dbt_scheduler.airflow_plugin.in_process import InProcess
from dbt_scheduler.airflow_plugin.live import Live, Viewer
from dbt_scheduler.airflow_plugin.registry import NoRegistryError, Registries
from dbt_scheduler.airflow_plugin.server import BaseUser, conf, get_auth_manager, get_user
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.sentences import sentences

_log = logging.getLogger(__name__)

_AT_ONCE = 4
"""The maximum number of concurrent requests: each one calls Airflow's API, which needs free threads to respond."""

_TOKEN_SECONDS = 120
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_BUNDLE = {"app.js": "text/javascript", "app.css": "text/css"}


def build_app() -> FastAPI:
    """The application of the pages. All routes are read-only and require a login."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_with_headers)
    registries, limiter = Registries(), anyio.CapacityLimiter(_AT_ONCE)

    async def answer(request: Request, user: BaseUser, ask: Callable[[Live], object]) -> Response:
        def work() -> Response:  # slow work and the token only when the limiter admits the request
            return _answer(lambda: ask(Live(_viewer(user), registries.read(), url, transport)))

        url, transport = _base_url(request), InProcess(request.scope["airflow"])
        return await anyio.to_thread.run_sync(work, limiter=limiter)

    async def index(request: Request, user: _User) -> Response:
        return await answer(request, user, Live.index)

    async def edges(request: Request, user: _User, of: str | None = None) -> Response:
        return await answer(request, user, lambda live: live.edges(of))

    async def history(request: Request, user: _User) -> Response:
        return await answer(request, user, Live.history)

    async def now(request: Request, user: _User) -> Response:
        return await answer(request, user, Live.now)

    async def landings(request: Request, user: _User, assets: _Assets, of: str | None = None) -> Response:
        return await answer(request, user, lambda live: live.landings(assets, of))

    async def slo(request: Request, user: _User, assets: _Assets, of: str | None = None) -> Response:
        return await answer(request, user, lambda live: live.slo(assets, of))

    async def team(request: Request, user: _User, place: int, of: str | None = None) -> Response:
        return await answer(request, user, lambda live: live.team(place, of))

    async def why(
        request: Request, user: _User, dag: str, task: str | None = None, run: str | None = None
    ) -> Response:
        return await answer(request, user, lambda live: live.why(dag, task or None, run or None))

    async def waiting(
        request: Request, user: _User, dag: str, task: str | None = None, run: str | None = None
    ) -> Response:
        return await answer(request, user, lambda live: live.waiting(dag, task or None, run or None))

    app.add_api_route("/", _page)
    app.add_api_route("/{name}", _bundled)
    app.add_api_route("/data/index", index)
    app.add_api_route("/data/edges", edges)
    app.add_api_route("/data/history", history)
    app.add_api_route("/data/now", now)
    app.add_api_route("/data/landings", landings)
    app.add_api_route("/data/slo", slo)
    app.add_api_route("/data/teams/{place}", team)
    app.add_api_route("/data/why", why)
    app.add_api_route("/data/waiting", waiting)
    return app


_User = Annotated[BaseUser, Depends(get_user)]
"""The user, authenticated by Airflow, which returns 401 or 403 for all others."""

_Assets = Annotated[list[int], Query(max_length=100)]
"""Positions in an index: the visible rows only."""


def _viewer(user: BaseUser) -> Viewer:
    manager = get_auth_manager()
    token = manager.generate_jwt(user, expiration_time_in_seconds=_TOKEN_SECONDS)
    return Viewer(frozenset(manager.get_authorized_dag_ids(user=user, method="GET")), token)


def _page(_: _User) -> Response:
    content = _read("index.html").replace(b'data-source="static"', b'data-source="live"', 1)
    return Response(content, media_type="text/html")


def _bundled(name: str, _: _User) -> Response:
    if name not in _BUNDLE:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return Response(_read(name), media_type=_BUNDLE[name])


def _answer(ask: Callable[[], object]) -> Response:  # noqa: PLR0911 - one for each kind of failure
    try:
        return _json(ask())
    except UsageError as error:
        return _problem(status.HTTP_404_NOT_FOUND, sentences(str(error), error.hint))
    except AirflowUnauthorizedError:
        return _problem(status.HTTP_401_UNAUTHORIZED, "Your Airflow session has expired: log in again.")
    except AirflowForbiddenError:
        return _problem(status.HTTP_403_FORBIDDEN, "You do not have permission to view this in Airflow.")
    except AirflowApiError as error:
        return _problem(status.HTTP_502_BAD_GATEWAY, str(error))
    except NoRegistryError as error:
        return _problem(status.HTTP_503_SERVICE_UNAVAILABLE, str(error))
    except Exception:  # noqa: BLE001 - the message may contain anything
        _log.exception("A request to the dbt-scheduler pages failed")
        return _problem(
            status.HTTP_500_INTERNAL_SERVER_ERROR, "An error occurred: see the log of the API server."
        )


def _json(value: object, code: int = status.HTTP_200_OK) -> Response:
    return Response(msgspec.json.encode(value), code, media_type="application/json")


def _problem(code: int, text: str) -> Response:
    return _json({"detail": text}, code)


def _base_url(request: Request) -> str:
    """The URL of the UI for links: as configured, or else as the browser addresses it."""
    found: str = conf.get("api", "base_url", fallback="")
    return (found or str(request.base_url)).rstrip("/")


def _read(name: str) -> bytes:
    return (files("dbt_scheduler") / "site" / "bundle" / name).read_bytes()


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    page = request.scope["path"].removeprefix(request.scope["root_path"]) == "/"
    if page and response.status_code == status.HTTP_401_UNAUTHORIZED:
        # Airflow's login redirects only to URLs of its own.
        back = urlencode({"next": f"{_base_url(request)}/dbt-scheduler/"})
        response = RedirectResponse(f"../api/v2/auth/login?{back}")
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
