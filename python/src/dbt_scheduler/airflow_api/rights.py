"""The permissions that the connection's login needs, each with a request that tests it without changing anything.

Airflow checks permissions before anything else in a request: a login without the permission gets 403, one with it 404
or 422, because the requested object does not exist or is not valid.
"""

import msgspec

ALL_DAGS = "~"
"""All DAGs, in Airflow's URLs."""

_NOTHING = "dbt_scheduler_doctor"
"""An id that no run and no task has."""


class Right(msgspec.Struct, frozen=True):
    """A permission by its name in Airflow's FAB roles, and a request that needs it; ``path`` is relative to the DAG."""

    permission: str
    method: str
    path: str
    body: dict[str, object] | None = None


READ_DAGS = Right("can_read on DAGs", "GET", "")
NEEDED = (
    READ_DAGS,
    Right("can_read on DAG Runs", "GET", "/dagRuns?limit=1"),
    Right("can_read on Task Instances", "GET", "/dagRuns/~/taskInstances?limit=1"),
    Right("can_edit on DAG Runs", "POST", f"/dagRuns/{_NOTHING}/clear", {"dry_run": True}),
    Right(
        "can_edit on Task Instances",
        "PATCH",
        f"/dagRuns/{_NOTHING}/taskInstances/{_NOTHING}/dry_run",
        {"new_state": "success"},
    ),
)
"""For every DAG with sensors. With FAB, each permission to edit requires ``can_edit on DAGs`` too."""

TRIGGER = Right("can_create on DAG Runs", "POST", "/dagRuns", {"logical_date": "none"})
"""For the sweep's DAG: a completion callback that has no time left triggers a sweep."""
