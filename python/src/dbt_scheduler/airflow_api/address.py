"""What the fields of an Airflow connection of type HTTP mean, and where a DAG, run or task is in Airflow's UI."""

from urllib.parse import quote

import msgspec

_SCHEMES = ("http", "https")


def address(conn_type: str | None, host: str | None, port: int | None, schema: str | None) -> str:
    """The URL that a connection's fields mean; empty without a host.

    Airflow's HTTP connections say ``https`` in the schema, in the type or before the host.
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
    """Where a connection's extra field, a JSON object, says that tokens come from; None: from Airflow's own login."""
    try:
        named = msgspec.json.decode(extra or "{}", type=dict[str, object]).get("token")
    except (msgspec.DecodeError, ValueError):
        return None
    return None if named is None else str(named)


def ui_url(base: str, dag_id: str, run_id: str | None = None, task_id: str | None = None) -> str:
    """Where a DAG is in the UI of the Airflow at ``base``, or a run of it, or a task in that run."""
    url = f"{base.rstrip('/')}/dags/{quote(dag_id, safe='')}"
    if run_id:
        url += f"/runs/{quote(run_id, safe='')}"
        if task_id:
            url += f"/tasks/{quote(task_id, safe='')}"
    return url
