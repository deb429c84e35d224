"""Task kinds: each maps a task to an Airflow operator and plain arguments, when the DAG is compiled.

A kind is one module of this package and one entry of ``KINDS``; Airflow's side builds whatever operator the
spec names and knows no kinds.
"""

from collections.abc import Mapping

from dbt_scheduler.kinds import local, vertex_ai
from dbt_scheduler.kinds.job import Job, Operator, Place, Runner, Template, literal, with_literals

KINDS: Mapping[str, Mapping[str, Runner]] = {
    "dbt": {"local": local.run_dbt},
    "universal": {"local": local.run},
    "vertex-ai": {"local": local.run, "vertex-ai": vertex_ai.run},
}
"""Kind, then the places where its tasks can run (``where`` in platform.yaml)."""

__all__ = ["KINDS", "Job", "Operator", "Place", "Runner", "Template", "literal", "with_literals"]
