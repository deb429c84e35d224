"""Reads dbt's own on-run-start and on-run-end hooks from a manifest and from ``dbt_project.yml``."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from dbt_scheduler.config.schema.messages import quoted
from dbt_scheduler.config.yaml import Document
from dbt_scheduler.project.manifest import Manifest

# dbt names a hook after its project, its kind and its index in the list.
_NAME = re.compile(r"-(on-run-start|on-run-end)-([0-9]+)$")


class Hook(msgspec.Struct, frozen=True):
    """A hook of a package, or of the project itself (``own``), which also has its SQL (``text``) and its line.

    ``kind`` is its key in ``dbt_project.yml``: ``on-run-start`` or ``on-run-end``.
    """

    kind: str
    package: str
    own: bool
    text: str = ""
    line: int = 0


def read_hooks(dbt_project: Document | None, manifest: Manifest) -> tuple[Hook, ...]:
    """Every hook, of the project itself and of its packages, in a stable order."""
    named = [
        (name[1], int(name[2]), node.package_name)
        for node in manifest.nodes.values()
        if node.resource_type == "operation" and (name := _NAME.search(node.name))
    ]
    return tuple(_hooks(dbt_project, manifest.metadata.project_name, named))


def describe_hooks(hooks: Iterable[Hook]) -> str:
    """A list of hooks for a message: the kind and, if known, the SQL of each."""
    return ", ".join(f"{hook.kind} {quoted(hook.text)}" if hook.text else hook.kind for hook in hooks)


def _hooks(
    dbt_project: Document | None, project: str | None, named: list[tuple[str, int, str]]
) -> Iterator[Hook]:
    texts = dict(_texts(dbt_project))
    for kind, index, package in sorted(named, key=lambda each: (each[2], each[0] == "on-run-end", each[1])):
        own = package == project
        yield Hook(kind, package, own, *(texts.get((kind, index), ()) if own else ()))


def _texts(dbt_project: Document | None) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    if dbt_project is None or not isinstance(dbt_project.value, dict):
        return
    for kind in ("on-run-start", "on-run-end"):
        hooks = dbt_project.value.get(kind) or []
        for index, text in enumerate(hooks if isinstance(hooks, list) else [hooks]):
            yield (kind, index), (str(text), dbt_project.line((kind,)))
