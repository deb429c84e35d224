"""``dbt-sliced dbt build ...``: runs a dbt command from slices of the project, or unchanged if they cannot be used."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dbt_scheduler.dbt.command import Command, read_command, split_command
from dbt_scheduler.dbt.graph import Graph
from dbt_scheduler.dbt.node_plugins import node_plugin
from dbt_scheduler.dbt.origin import require_same
from dbt_scheduler.dbt.quick import importing, name_callers_quickly, run_program, use_contracts
from dbt_scheduler.dbt.store import Index, NoSliceError, read_index
from dbt_scheduler.dbt_paths import writable_paths

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_PLUGINS = {"DBT_SCHEDULER_HOOKS": "dbt_scheduler_hooks", "DBT_SCHEDULER_OUTCOME": "dbt_scheduler_outcome"}
_USAGE = "usage: dbt-sliced [--for SELECTOR] dbt build|test|compile ...\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command in this folder as dbt would; returns its exit code.

    If slices are missing or outdated, this process is replaced by dbt's own, and one line gives the reason.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    _, plain = split_command(words)
    if len(plain) < 2:  # noqa: PLR2004 - a program and its command
        sys.stderr.write(_USAGE)
        return 2
    try:
        command = read_command(words)
        manifest = _load(command, Path.cwd())
    except NoSliceError as reason:
        return _become(plain, reason)
    with writable_paths(Path.cwd(), os.environ) as added:
        os.environ.update(added)
        return _invoke(command, manifest)


def program() -> NoReturn:
    """``dbt-sliced``: ``main`` as a whole process."""
    run_program(main)


def _load(command: Command, project: Path) -> "Manifest":
    index = read_index(project)
    entries = [index.find(selector) for selector in command.selectors]
    for entry in entries:
        if entry.digest is None:
            raise NoSliceError(f"{entry.unique_id} has no slice: {entry.reason}")
    require_same(index, project, os.environ)
    data = _join(index, [entry.digest for entry in entries if entry.digest], project)
    _import_dbt(index)
    _require_no_node_plugin()
    _require_connection(index, command)
    return _manifest(data, index, whole_graph=not command.inline)


def _join(index: Index, digests: Sequence[str], project: Path) -> dict[str, Any]:
    """The manifest of several slices; full nodes take precedence over stubs."""
    shared = index.read(index.made_from["shared"])
    parts = [shared["hooks"], *(index.read(digest) for digest in digests)]
    data = {name: shared[name] for name in ("macros", "groups", "metadata")}
    data["sources"] = {uid: source for part in parts for uid, source in part["sources"].items()}
    for section, stubs in (("nodes", "stubs"), ("functions", "function_stubs")):
        data[section] = {uid: each for part in parts for uid, each in part[stubs].items()}
        data[section] |= {uid: each for part in parts for uid, each in part[section].items()}
    for node in data["nodes"].values():
        if node.get("root_path"):
            node["root_path"] = os.path.normpath(project / node["root_path"])
    return data


def _import_dbt(index: Index) -> None:
    if "dbt.cli.main" in sys.modules:
        return  # in a fork of a worker that preloaded it
    with importing():
        import_module("dbt.cli.main")
        import_module(f"dbt.adapters.{index.made_from['connection']['type']}")
    name_callers_quickly()
    use_contracts(index.read(index.made_from["contracts"]))


def _require_no_node_plugin() -> None:
    try:
        plugin = node_plugin()
    except Exception as error:  # noqa: BLE001 - dbt imports it too, and reports the error itself
        raise NoSliceError(f"a dbt plugin cannot be imported ({type(error).__name__})") from None
    if plugin:
        raise NoSliceError(f"the plugin {plugin} adds nodes each time dbt parses the project")


def _require_connection(index: Index, command: Command) -> None:
    from dbt_scheduler.dbt.connection import read_connection  # noqa: PLC0415 - imports dbt

    was = index.made_from["connection"]
    try:
        now = read_connection(was["profile"], command.target, command.profiles_dir, os.environ).describe()
    except Exception as error:  # noqa: BLE001 - dbt reports the error itself
        raise NoSliceError(f"the profile cannot be read ({type(error).__name__})") from None
    for name, value in now.items():  # last, because the digest covers everything
        if was[name] != value:
            what = (
                "the connection in profiles.yml has changed"
                if name == "digest"
                else f"the {name} is now {value}"
            )
            raise NoSliceError(f"it was created for the target {was['target']}, but {what}")


def _manifest(data: dict[str, Any], index: Index, *, whole_graph: bool) -> "Manifest":
    from dbt.contracts.graph.manifest import Manifest  # noqa: PLC0415

    from dbt_scheduler.dbt.lookups import look_up_in  # noqa: PLC0415

    manifest: Manifest = Manifest.from_msgpack(b"", decoder=lambda _: data)
    if whole_graph:
        manifest.flat_graph = graph = Graph(lambda: index.read(index.made_from["graph"]))
        look_up_in(manifest, graph)
    else:
        manifest.build_flat_graph()
    return manifest


def _invoke(command: Command, manifest: "Manifest") -> int:
    from dbt.cli.exceptions import DbtUsageException  # noqa: PLC0415
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    for variable, plugin in _PLUGINS.items():
        if variable in os.environ:
            import_module(plugin)  # from the path, as dbt does once per process
    sys.argv = [command.program, *command.arguments]  # dbt reads Jinja's `invocation_command` from here
    done = dbtRunner(manifest).invoke(list(command.arguments))
    if isinstance(done.exception, DbtUsageException):
        sys.stderr.write(f"{done.exception}\n")
    if done.success:
        return 0
    return 2 if done.exception else 1


def _become(plain: Sequence[str], reason: NoSliceError) -> int:
    sys.stdout.write(
        f"dbt-scheduler: running the plain dbt command, because no slice can be used: {reason}\n"
    )
    sys.stdout.flush()
    try:
        os.execvp(plain[0], list(plain))  # noqa: S606 - no shell is involved
    except OSError as error:
        sys.stderr.write(f"could not start {plain[0]}: {error.strerror}\n")
        return 2


if __name__ == "__main__":
    program()
