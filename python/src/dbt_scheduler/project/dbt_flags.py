"""The handling of dbt's warnings in a project: ``flags`` in ``dbt_project.yml``."""

import json

from dbt_scheduler.config.yaml import Document

_SELECTED_NOTHING = ("NoNodesForSelectionCriteria", "NothingToDo")
"""dbt's warnings for a selector that matches nothing, and for matches of which none can be run."""


def strict_warnings(dbt_project: Document | None) -> str | None:
    """The project's own ``warn_error_options``, with a selection of nothing as an error: for dbt's option of that name.

    dbt's option replaces what the project says, and dbt refuses it beside a project's ``warn_error``: None then, and
    where the project's own is none that dbt takes.
    https://docs.getdbt.com/reference/global-configs/warnings
    """
    project = dbt_project.value if dbt_project else None
    flags = project.get("flags") if isinstance(project, dict) else None
    flags = flags if isinstance(flags, dict) else {}
    own = flags.get("warn_error_options") or {}
    if flags.get("warn_error") is not None or not isinstance(own, dict):
        return None
    error = own.get("error", own.get("include")) or []
    others = {"warn": own.get("warn", own.get("exclude")) or [], "silence": own.get("silence") or []}
    if error in ("all", "*"):
        named = error
    elif isinstance(error, list):
        named = [*error, *(event for event in _SELECTED_NOTHING if event not in error)]
    else:
        return None
    if not all(isinstance(events, list) for events in others.values()):
        return None
    left = {key: [e for e in events if e not in _SELECTED_NOTHING] for key, events in others.items()}
    return json.dumps({"error": named} | {key: events for key, events in left.items() if events})
