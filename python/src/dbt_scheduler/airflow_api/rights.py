"""What the connection's login must be allowed, and a request for each that tells so and changes nothing.

Airflow looks at the rights before it looks at anything else of a request: a login without the right gets 403, one
with it 404 or 422, because what is asked for is not there or not valid.
"""

import msgspec

ALL_DAGS = "~"
"""Stands for every DAG, in Airflow's own addresses."""

_NOTHING = "dbt_scheduler_doctor"
"""The id of no run and no task."""


class Right(msgspec.Struct, frozen=True):
    """A permission as Airflow's FAB roles call it, and a request that needs it; ``path`` begins below the DAG."""

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
"""For every DAG with sensors. With FAB, each right to edit takes ``can_edit on DAGs`` too."""

TRIGGER = Right("can_create on DAG Runs", "POST", "/dagRuns", {"logical_date": "none"})
"""For the sweep's DAG: a completion callback that has no time left asks for a sweep."""
