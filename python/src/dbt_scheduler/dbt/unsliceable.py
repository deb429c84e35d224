"""What cannot be run from a slice, and why: its tasks get dbt's plain command."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jinja2
from dbt_common.clients.jinja import parse

from dbt_scheduler.dbt.cutting import Project, Resource

_OF_THE_RUN = (
    "flags",
    "invocation_args_dict",
    "invocation_id",
    "run_started_at",
    "modules",
    "selected_resources",
)
"""What Jinja knows of a run of dbt: a slice keeps what parsing has made of it once."""

_WORD = re.compile(r"\w+")


class Reasons:
    """Finds out for each node of a project; ``varying`` are resources that change with the run's data interval."""

    def __init__(self, project: Project, macros: Mapping[str, Resource], varying: frozenset[str]) -> None:
        self._project = project
        self._varying = varying
        self._bodies: dict[str, list[str]] = {}
        for macro in macros.values():
            self._bodies.setdefault(macro["name"], []).append(macro["macro_sql"])

    def of_project(self, catalogs: bool) -> str | None:
        """Why no node of the project has a slice."""
        if catalogs:
            return "the project has a catalogs.yml"
        for hook in self._project.hooks:
            if missing := self._project.missing(hook):
                return f"the hook {hook} depends on {missing}"
        if self._varying:
            return f"what {min(self._varying)} is parsed to depends on the run's data interval"
        return None

    def of_node(self, unique_id: str, node: Resource) -> str | None:
        """Why a node has no slice; None if it has one."""
        if missing := self._project.missing(unique_id):
            return f"it depends on {missing}"
        if node.get("metrics"):
            return f"it reads the metric {'.'.join(node['metrics'][0])}"
        code = "" if node.get("language") == "python" else node.get("raw_code") or ""
        if name := next(self._read_by_config(code), None):
            return f"its config() reads {name}, which is another in each run"
        return None

    def _read_by_config(self, code: str) -> Iterator[str]:
        """What the arguments of ``config()`` read of the run, themselves or in a macro that they call."""
        if "config" not in code:
            return
        for call in parse(code).find_all(jinja2.nodes.Call):
            if isinstance(call.node, jinja2.nodes.Name) and call.node.name == "config":
                words = {name.name for each in _arguments(call) for name in each.find_all(jinja2.nodes.Name)}
                words |= {
                    attribute.attr
                    for each in _arguments(call)
                    for attribute in each.find_all(jinja2.nodes.Getattr)
                }
                words |= {each.name for each in _arguments(call) if isinstance(each, jinja2.nodes.Name)}
                yield from (name for name in _OF_THE_RUN if name in self._closure(words))

    def _closure(self, words: set[str]) -> set[str]:
        """These words, and those in the bodies of all macros that they may call, whatever package has them."""
        found: set[str] = set()
        waiting = [*words]
        while waiting:
            word = waiting.pop()
            if word in found:
                continue
            found.add(word)
            for name in (word, f"default__{word}"):
                waiting += [each for body in self._bodies.get(name, ()) for each in _WORD.findall(body)]
        return found


def _arguments(call: jinja2.nodes.Call) -> list[Any]:
    return [
        *call.args,
        *(keyword.value for keyword in call.kwargs),
        *filter(None, [call.dyn_args, call.dyn_kwargs]),
    ]
