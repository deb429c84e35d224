"""Determines which nodes cannot run from a slice, and why: their tasks run dbt's plain command."""

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
    "dbt_metadata_envs",
)
"""Names in Jinja that differ between invocations: a slice stores their value at parse time."""

_NAMING = ("generate_schema_name", "generate_alias_name", "generate_database_name")
"""Macros that dbt calls while parsing."""

_WORD = re.compile(r"\w+")


class Reasons:
    """Says why a node has no slice; ``varying`` are resources that depend on the data interval."""

    def __init__(self, project: Project, macros: Mapping[str, Resource], varying: frozenset[str]) -> None:
        self._project = project
        self._varying = varying
        self._bodies: dict[str, list[str]] = {}
        for macro in macros.values():
            self._bodies.setdefault(macro["name"], []).append(macro["macro_sql"])

    def of_project(self, *, catalogs: bool, plugin: str | None = None) -> str | None:
        """Why no node of the project has a slice; None if nodes may have one."""
        if catalogs:
            return "the project has a catalogs.yml"
        if plugin:
            return f"the plugin {plugin} adds nodes each time dbt parses the project"
        for hook in self._project.hooks:
            if missing := self._project.missing(hook):
                return f"the hook {hook} depends on {missing}"
        for macro in _NAMING:
            if name := self._read_by({macro}):
                return f"the macro {macro} reads {name}, which is different in each run"
        if self._varying:
            return f"{min(self._varying)} is parsed differently for each data interval"
        return None

    def of_node(self, unique_id: str, node: Resource) -> str | None:
        """Why a node has no slice; None if it has one."""
        if missing := self._project.missing(unique_id):
            return f"it depends on {missing}"
        if node.get("metrics"):
            return f"it reads the metric {'.'.join(node['metrics'][0])}"
        code = "" if node.get("language") == "python" else node.get("raw_code") or ""
        if "config" in code and (name := self._read_by(_words_of_config(parse(code)))):
            return f"its config() reads {name}, which is different in each run"
        return None

    def _read_by(self, words: set[str]) -> str | None:
        """The first invocation-specific name among these, or that macros among them read; None if there is none."""
        read = self._closure(words)
        return next((name for name in _OF_THE_RUN if name in read), None)

    def _closure(self, words: set[str]) -> set[str]:
        """These names, and those in the bodies of all macros that they may call, of any package."""
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


def _words_of_config(template: jinja2.nodes.Template) -> set[str]:
    """The names in the arguments of ``config()``, in conditions around it, and in assignments to these."""
    found: set[str] = set()
    for call in _config_calls(template):
        found |= {name for each in call.iter_child_nodes(exclude=["node"]) for name in _words(each)}
    choices: Any = template.find_all((jinja2.nodes.If, jinja2.nodes.CondExpr))
    for choice in choices:
        if any(_config_calls(choice)):
            found |= _words(choice.test)
    setting: Any = template.find_all((jinja2.nodes.Assign, jinja2.nodes.AssignBlock, jinja2.nodes.For))
    sets = [
        (_words(each.target), {name for part in each.iter_child_nodes(["target"]) for name in _words(part)})
        for each in setting
    ]
    while more := {name for target, value in sets if target & found for name in value} - found:
        found |= more
    return found


def _config_calls(node: jinja2.nodes.Node) -> Iterator[jinja2.nodes.Call]:
    for call in node.find_all(jinja2.nodes.Call):
        if isinstance(call.node, jinja2.nodes.Name) and call.node.name == "config":
            yield call


def _words(node: jinja2.nodes.Node) -> set[str]:
    """The names in an expression, and the attributes: after a dot, a macro of a package."""
    names = {
        each.name for each in (node, *node.find_all(jinja2.nodes.Name)) if isinstance(each, jinja2.nodes.Name)
    }
    parts = (node, *node.find_all(jinja2.nodes.Getattr))
    return names | {each.attr for each in parts if isinstance(each, jinja2.nodes.Getattr)}
