"""The application: who asks, what they are answered, and what goes wrong in words."""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Annotated

import anyio
import anyio.to_thread
import msgspec
from fastapi import Depends, FastAPI, HTTPException, Request, Response, status
from fastapi.responses import RedirectResponse

from dbt_scheduler.airflow_api.errors import AirflowApiError, AirflowForbiddenError
from dbt_scheduler.airflow_plugin.in_process import InProcess
from dbt_scheduler.airflow_plugin.live import Live, Viewer
from dbt_scheduler.airflow_plugin.registry import NoRegistryError, Registries
from dbt_scheduler.airflow_plugin.server import BaseUser, conf, get_auth_manager, get_user
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.registry.backend import RegistryUnreadableError

_AT_ONCE = 4
"""How many requests are worked on at once: each asks Airflow's API, which has to have threads left to answer."""

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
    """The pages' own application. All of its routes only read, and each asks who is there."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_with_headers)
    registries, limiter = Registries(), anyio.CapacityLimiter(_AT_ONCE)

    async def answer(request: Request, viewer: Viewer, ask: Callable[[Live], object]) -> Response:
        def work() -> Response:
            return _answer(lambda: ask(Live(viewer, registries.read(), _base_url(), transport)))

        transport = InProcess(request.scope["airflow"])
        return await anyio.to_thread.run_sync(work, limiter=limiter)

    async def index(request: Request, viewer: _Viewer) -> Response:
        return await answer(request, viewer, Live.index)

    async def edges(request: Request, viewer: _Viewer) -> Response:
        return await answer(request, viewer, Live.edges)

    async def history(request: Request, viewer: _Viewer) -> Response:
        return await answer(request, viewer, Live.history)

    async def now(request: Request, viewer: _Viewer) -> Response:
        return await answer(request, viewer, Live.now)

    async def team(request: Request, viewer: _Viewer, place: int) -> Response:
        return await answer(request, viewer, lambda live: live.team(place))

    async def why(
        request: Request, viewer: _Viewer, dag: str, task: str | None = None, run: str | None = None
    ) -> Response:
        return await answer(request, viewer, lambda live: live.why(dag, task or None, run or None))

    async def waiting(
        request: Request, viewer: _Viewer, dag: str, task: str | None = None, run: str | None = None
    ) -> Response:
        return await answer(request, viewer, lambda live: live.waiting(dag, task or None, run or None))

    app.add_api_route("/", _page)
    app.add_api_route("/{name}", _bundled)
    app.add_api_route("/data/index", index)
    app.add_api_route("/data/edges", edges)
    app.add_api_route("/data/history", history)
    app.add_api_route("/data/now", now)
    app.add_api_route("/data/teams/{place}", team)
    app.add_api_route("/data/why", why)
    app.add_api_route("/data/waiting", waiting)
    return app


def _viewer(user: Annotated[BaseUser, Depends(get_user)]) -> Viewer:
    """Who asks, by Airflow's own authentication: 401 or 403 to everybody else."""
    manager = get_auth_manager()
    token = manager.generate_jwt(user, expiration_time_in_seconds=_TOKEN_SECONDS)
    return Viewer(frozenset(manager.get_authorized_dag_ids(user=user, method="GET")), token)


_Viewer = Annotated[Viewer, Depends(_viewer)]


def _page(_: _Viewer) -> Response:
    content = _read("index.html").replace(b'data-source="static"', b'data-source="live"', 1)
    return Response(content, media_type="text/html")


def _bundled(name: str, _: _Viewer) -> Response:
    if name not in _BUNDLE:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return Response(_read(name), media_type=_BUNDLE[name])


def _answer(ask: Callable[[], object]) -> Response:
    try:
        return _json(ask())
    except UsageError as error:
        return _problem(status.HTTP_404_NOT_FOUND, ". ".join(filter(None, (str(error), error.hint))))
    except AirflowForbiddenError:
        return _problem(status.HTTP_403_FORBIDDEN, "Airflow does not let you see that.")
    except AirflowApiError as error:
        return _problem(status.HTTP_502_BAD_GATEWAY, str(error))
    except (NoRegistryError, RegistryUnreadableError, ValueError) as error:
        return _problem(status.HTTP_503_SERVICE_UNAVAILABLE, f"The registry cannot be read. {error}")


def _json(value: object, code: int = status.HTTP_200_OK) -> Response:
    return Response(msgspec.json.encode(value), code, media_type="application/json")


def _problem(code: int, text: str) -> Response:
    return _json({"detail": text}, code)


def _base_url() -> str:
    """Where the UI is, for links."""
    found: str = conf.get("api", "base_url", fallback="")
    return found or "http://localhost"


def _read(name: str) -> bytes:
    return (files("dbt_scheduler") / "site" / "bundle" / name).read_bytes()


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    page = request.scope["path"].removeprefix(request.scope["root_path"]) == "/"
    if page and response.status_code == status.HTTP_401_UNAUTHORIZED:
        response = RedirectResponse(get_auth_manager().get_url_login(next_url=str(request.url)))
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
