"""The Airflow plugin: adds the registry's pages to Airflow's UI.

Every Airflow process imports this module, so it imports nothing else of dbt-scheduler: the application is built at the
first request.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any, cast

from airflow.plugins_manager import AirflowPlugin

_PREFIX = "/dbt-scheduler"
_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]


async def serve(scope: _Scope, receive: _Receive, send: _Send) -> None:
    """The application, mounted below Airflow's own, whose API it calls as the logged-in user."""
    await _app()({**scope, "airflow": scope["app"]}, receive, send)


@cache
def _app() -> _App:
    from dbt_scheduler.airflow_plugin.app import build_app  # noqa: PLC0415 - only the API server needs it

    return cast(_App, build_app())


def _view(name: str, destination: str, page: str) -> dict[str, str]:
    return {
        "name": name,
        "href": f"dbt-scheduler/{page}",
        "destination": destination,
        "url_route": f"dbt-scheduler-{destination.replace('_', '-')}",
    }


class DbtSchedulerPlugin(AirflowPlugin):
    """The pages, their entry in the navigation, and their tabs on the pages of runs and tasks."""

    name = "dbt_scheduler"
    fastapi_apps = [{"app": serve, "url_prefix": _PREFIX, "name": "dbt-scheduler"}]  # noqa: RUF012 - the type that Airflow declares
    external_views = [  # noqa: RUF012
        _view("Registry", "nav", ""),
        _view("Why?", "dag_run", "#/why/{DAG_ID}?run={RUN_ID}"),
        _view("Why?", "task_instance", "#/why/{DAG_ID}/{TASK_ID}?run={RUN_ID}"),
    ]
