"""What a task needs to know of a dbt microbatch model: its window, and how to ask whether its table exists.

dbt leaves the choice of batches to the caller. Without a window it builds the newest batches, whatever the run's
period is; with one it builds just that, also where the table does not exist yet or is built anew.
"""

from dbt_scheduler.kinds import Template
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.schedule import BATCH_SIZES


def window(node: Node) -> dict[str, str]:
    """The window of a run, as dbt's own environment variables; none for what dbt does not build in batches.

    The variables are empty, which is dbt's for no window, in a full refresh: that rebuilds all from ``begin``. A
    model whose config says ``full_refresh: true`` is always rebuilt, and one that says false never.
    """
    config = node.config
    in_batches = config.materialized == "incremental" and config.incremental_strategy == "microbatch"
    if not in_batches or config.batch_size not in BATCH_SIZES or config.full_refresh is True:
        return {}
    lookback = config.lookback if isinstance(config.lookback, int) else 1
    start, end = f"event_time_start({config.batch_size!r}, {lookback})", "event_time_end()"
    if config.full_refresh is None:
        start, end = (f"'' if params.full_refresh else {moment}" for moment in (start, end))
    return {
        "DBT_EVENT_TIME_START": Template(f"{{{{ {start} }}}}"),
        "DBT_EVENT_TIME_END": Template(f"{{{{ {end} }}}}"),
    }


def table_check(node: Node) -> str:
    """What dbt has to compile to fail if the model's table does not exist, and then to name its ``begin``.

    As dbt itself asks (``MicrobatchModelRunner._is_incremental``). It fails, because errors are shown whatever the
    project logs, and prints nothing otherwise. A model that is not in the project is the build's to report.
    """
    return (
        f"{{% set model = graph.nodes.get({node.unique_id!r}) if execute %}}"
        "{% if model %}"
        "{% set table = adapter.get_relation(model.database, model.schema, model.alias) %}"
        "{% if table is none or table.type != 'table' %}"
        "{{ exceptions.raise_compiler_error("
        "'dbt-scheduler: the table does not exist yet; begin: ' ~ model.config.begin ~ ';') }}"
        "{% endif %}"
        "{% endif %}"
    )
