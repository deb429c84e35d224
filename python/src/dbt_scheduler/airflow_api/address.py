"""The API server's URL from an Airflow connection of type HTTP, and the URLs of DAGs, runs and tasks in the UI."""

from urllib.parse import quote

import msgspec

_SCHEMES = ("http", "https")


def address(conn_type: str | None, host: str | None, port: int | None, schema: str | None) -> str:
    """The base URL from a connection's fields; empty without a host.

    An HTTP connection may have ``https`` in its schema, its type, or before the host.
    """
    host, schema = (host or "").strip().rstrip("/"), schema or ""
    if not host:
        return ""
    if "://" not in host:
        scheme = next((each for each in (schema, conn_type) if each in _SCHEMES), "http")
        host = f"{scheme}://{host}"
    below = f"/{schema}" if schema and schema not in _SCHEMES else ""
    return f"{host}{f':{port}' if port else ''}{below}"


def token_source(extra: str | None) -> str | None:
    """The token source in a connection's extra field, ``{"token": "bearer"}``; None: Airflow's own login."""
    try:
        named = msgspec.json.decode(extra or "{}", type=dict[str, object]).get("token")
    except (msgspec.DecodeError, ValueError):
        return None
    return None if named is None else str(named)


def ui_url(base: str, dag_id: str, run_id: str | None = None, task_id: str | None = None) -> str:
    """The URL of a DAG in the UI of the Airflow at ``base``, or of a run, or of a task in that run."""
    url = f"{base.rstrip('/')}/dags/{quote(dag_id, safe='')}"
    if run_id:
        url += f"/runs/{quote(run_id, safe='')}"
        if task_id:
            url += f"/tasks/{quote(task_id, safe='')}"
    return url
