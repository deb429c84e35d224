"""The dbt command lines of tasks: each selects exactly its nodes, and skips what it does not need."""

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

# Partial parsing stays on. Left out are writing manifest.json, and listing schemas that the selection does not use.
_LEAN = ("--no-write-json", "--cache-selected-only", "--no-use-colors")
_NOT_IN_SELECTORS = re.compile(r"[^\w./-]")


class DbtCommands(msgspec.Struct, frozen=True):
    """The dbt command of a project, with the data of its manifest that selecting single nodes needs.

    ``strict`` are the options that make an empty selection an error. ``project`` is the name of the root project,
    ``ambiguous`` are the unique_ids of nodes whose ``fqn:`` also matches others.
    """

    command: str
    options: tuple[str, ...]
    strict: tuple[str, ...]
    project: str | None
    ambiguous: frozenset[str]

    def build(self, node: Node, tests: Iterable[Node]) -> tuple[str, ...]:
        """Build a node, and run only these tests."""
        return self._call("build", *self._selecting((node, *tests)))

    def test(self, tests: Iterable[Node]) -> tuple[str, ...]:
        """Run only these tests."""
        return self._call("test", *self._selecting(tests))

    def project_hooks(self) -> tuple[str, ...]:
        """Build nothing: run only the project's hooks."""
        return self._call("build", "--select", "*", "--exclude", "*")

    def compile_inline(self, template: str) -> tuple[str, ...]:
        """Compile inline code, and log only errors."""
        return self._call("compile", "--inline", template, "--quiet", "--no-populate-cache")

    def run_operation(self, macro: str) -> tuple[str, ...]:
        """Call a macro."""
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
        # Without "empty", dbt would add every test of the selected nodes. Unit tests check code, not data, and run in
        # CI; they would be selected because their fqn starts with that of their model.
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
        """A selector that matches only this node.

        Characters with a meaning in selectors are replaced by the wildcard ``?``. If that or an ambiguous ``fqn:``
        could match other nodes, the package and file are added; dbt finds a ``path:`` only in the root project.
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
    """The commands of one project; each has ``options``, and ``warnings`` as its ``--warn-error-options``."""
    strict = ("--warn-error-options", warnings) if warnings else ()
    names = _ambiguous_nodes(manifest.nodes.values())
    return DbtCommands(command, options, strict, manifest.metadata.project_name, names)


def _ambiguous_nodes(nodes: Collection[Node]) -> frozenset[str]:
    """The nodes whose ``fqn:`` also matches other nodes.

    dbt splits names at their dots, selects everything below a match like a folder, matches a name that equals the whole
    selector, and finds a version of a model by the last two parts alone, in any package.
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
