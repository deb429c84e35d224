"""Renders an explanation as indented lines for a terminal."""

from collections.abc import Iterator

from dbt_scheduler.explain.steps import Step, roots
from dbt_scheduler.findings.printable import lines
from dbt_scheduler.schedule.text import format_moment

_MOST_NAMES = 4


def render(step: Step) -> str:
    """One line per step, indented below the step that it explains, with URLs and the root causes."""
    texts = list(_lines(step, None, 0))
    causes = list(roots(step)) if step.because else []
    if causes:
        texts.append("")
    texts += [f"{_label(cause)}: {_name(cause)} {_owner(cause)} {cause.text}" for cause in causes]
    return lines(texts)


def _label(cause: Step) -> str:
    return "not visible to you" if cause.hidden else "root cause"


def _lines(step: Step, below: Step | None, depth: int) -> Iterator[str]:
    indent = "  " * depth
    moved = below is None or (step.dag_id, step.run_id) != (below.dag_id, below.run_id)
    name = f"{_name(step)} {_owner(step)}" if moved else step.task_id
    yield f"{indent}{name}{_through(step)} {step.text}"
    if moved or not step.because:
        yield f"{indent}  {step.url}"
    for cause in step.because:
        yield from _lines(cause, step, depth + 1)


def _through(step: Step) -> str:
    names = step.through[::-1]
    if not names:
        return ""
    if len(names) > _MOST_NAMES:
        return f" (for {names[0]}, {names[1]} ... {names[-1]})"
    return f" (for {', '.join(names)})"


def _name(step: Step) -> str:
    """``shipping_hourly marts.fct_shipments of 2025-09-09 23:05 UTC``."""
    name = f"{step.dag_id} {step.task_id}"
    if step.data_interval_start is None or step.schedule is None:
        return f"{name} of {step.run_id}" if step.run_id else name
    return f"{name} of {format_moment(step.data_interval_start, step.schedule)}"


def _owner(step: Step) -> str:
    return f"({step.team}, {step.channel})" if step.channel else f"({step.team})"
