"""The window of a dbt microbatch model in a task, and the check that its table exists.

dbt leaves the choice of batches to the caller. Without a window, it builds the newest batches, whatever the run's
period; with one, it builds only that, even if the table does not exist yet or is rebuilt.
"""

from dbt_scheduler.kinds import Template
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.schedule import BATCH_SIZES


def window(node: Node) -> dict[str, str]:
    """The window of a run as dbt's environment variables; empty for nodes that dbt does not build in batches.

    In a full refresh, the variables are empty, which means no window to dbt: it rebuilds everything from ``begin``. A
    model with ``full_refresh: true`` in its config is always rebuilt, and one with false never.
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
    """Jinja code that fails to compile if the model's table does not exist; the error contains the model's ``begin``.

    It checks what dbt checks (``MicrobatchModelRunner._is_incremental``). It fails, because dbt prints errors at any
    log level. If the project does not have the model, the build reports it.
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
