"""The handling of dbt's warnings in a project: ``flags`` in ``dbt_project.yml``."""

import json

from dbt_scheduler.config.yaml import Document

_SELECTED_NOTHING = ("NoNodesForSelectionCriteria", "NothingToDo")
"""dbt's warnings for a selector that matches nothing, and for one that matches only nodes that dbt cannot run."""


def strict_warnings(dbt_project: Document | None) -> str | None:
    """The JSON for dbt's ``--warn-error-options``: the project's own options, with an empty selection as an error.

    The project's options are included because the command line option replaces them. None if the project sets
    ``warn_error``, which dbt does not allow together with the option, or if its options are not valid.
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
