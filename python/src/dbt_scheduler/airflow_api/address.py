"""Where an Airflow connection of type HTTP leads."""

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
