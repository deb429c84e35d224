"""The dbt command lines of tasks: each selects exactly its nodes and skips unneeded work."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath

import msgspec

from dbt_scheduler.kinds import Template
from dbt_scheduler.project.manifest import Manifest, Node

INTERVAL_ENV = {
    f"DBT_SCHEDULER_{name.upper()}": Template(f"{{{{ {name}.isoformat() if {name} else '' }}}}")
    for name in ("data_interval_start", "data_interval_end")
}
"""The run's data interval; not in ``--vars``, because dbt reparses the project when a value there changes."""

# Partial parsing stays on. What is left out is writing manifest.json and listing schemas that the selection
# does not touch.
_LEAN = ("--no-write-json", "--cache-selected-only", "--no-use-colors")
_NOT_IN_SELECTORS = re.compile(r"[^\w./-]")


class DbtCommands(msgspec.Struct, frozen=True):
    """How dbt is called, and what must be known of a manifest to select single nodes of it.

    ``strict`` are the options with which selecting nothing is an error. ``project`` is the root project's name,
    ``ambiguous`` are the unique ids that dbt's ``fqn:`` alone does not single out.
    """

    command: str
    options: tuple[str, ...]
    strict: tuple[str, ...]
    project: str | None
    ambiguous: frozenset[str]

    def build(self, node: Node, tests: Iterable[Node]) -> tuple[str, ...]:
        """Builds a node, then runs only these tests."""
        return self._call("build", *self._selecting((node, *tests)))

    def test(self, tests: Iterable[Node]) -> tuple[str, ...]:
        """Runs only these tests."""
        return self._call("test", *self._selecting(tests))

    def project_hooks(self) -> tuple[str, ...]:
        """Builds nothing: runs only hooks, in the place where dbt is configured to run."""
        return self._call("build", "--select", "*", "--exclude", "*")

    def compile_inline(self, template: str) -> tuple[str, ...]:
        """Compiles an inline text and logs only errors."""
        return self._call("compile", "--inline", template, "--quiet", "--no-populate-cache")

    def run_operation(self, macro: str) -> tuple[str, ...]:
        """Calls a macro."""
        return (
            self.command,
            "run-operation",
            macro,
            "--no-write-json",
            "--no-use-colors",
            *self.options,
        )

    def _call(self, subcommand: str, *arguments: str) -> tuple[str, ...]:
        return (self.command, subcommand, *arguments, *_LEAN, *self.options)

    def _selecting(self, nodes: Iterable[Node]) -> tuple[str, ...]:
        # Without "empty" dbt would add every test that touches the selected nodes. Unit tests are about code,
        # not data: CI runs them. They would come along because their fqn lies below that of their model.
        return (
            "--select",
            *(self._selector(node) for node in nodes),
            "--indirect-selection",
            "empty",
            "--exclude-resource-type",
            "unit_test",
            *self.strict,
        )

    def _selector(self, node: Node) -> str:
        """A selector that matches this node only.

        Characters that mean something in a selector become its one-letter wildcard, which is one more reason
        to narrow ``fqn:`` down by the node's package and file. dbt looks for a ``path:`` in the root project
        only.
        """
        fqn = ".".join(node.fqn)
        selector = "fqn:" + _escaped(fqn)
        if node.unique_id in self.ambiguous or _escaped(fqn) != fqn:
            own = self.project is None or node.package_name == self.project
            path = PurePosixPath(node.original_file_path.replace("\\", "/"))
            selector += f",package:{_escaped(node.package_name)}"
            selector += f",path:{_escaped(str(path))}" if own else f",file:{_escaped(path.name)}"
        return selector


def dbt_commands(
    manifest: Manifest, command: str, options: tuple[str, ...], warnings: str | None = None
) -> DbtCommands:
    """A runner for one project; ``options`` are given with every call, ``warnings`` are a project's strict ones."""
    strict = ("--warn-error-options", warnings) if warnings else ()
    names = _ambiguous_nodes(manifest.nodes.values())
    return DbtCommands(command, options, strict, manifest.metadata.project_name, names)


def _ambiguous_nodes(nodes: Collection[Node]) -> frozenset[str]:
    """The nodes whose ``fqn:`` also matches other nodes.

    dbt splits names at their dots, selects everything below a match as if it were a folder, takes a name that
    is the whole selector, and finds a version of a model by the last two parts alone, in any package.
    """
    flat = {node.unique_id: ".".join(node.fqn) for node in nodes}
    uses = Counter(flat.values())
    above = {prefix for fqn in uses for prefix in _prefixes(fqn)}
    above.update(name for node in nodes for name in node.fqn[-2:] if "." in name)
    versions = Counter("_".join(node.fqn[-2:]) for node in nodes if node.version is not None)
    ambiguous = set()
    for node in nodes:
        selector = flat[node.unique_id]
        version = "_".join(selector.split(".")[-2:])
        itself = node.version is not None and version == "_".join(node.fqn[-2:])
        if uses[selector] > 1 or selector in above or versions[version] > itself:
            ambiguous.add(node.unique_id)
    return frozenset(ambiguous)


def _prefixes(fqn: str) -> Iterator[str]:
    dot = fqn.find(".")
    while dot >= 0:
        yield fqn[:dot]
        dot = fqn.find(".", dot + 1)


def _escaped(text: str) -> str:
    return _NOT_IN_SELECTORS.sub("?", text)
