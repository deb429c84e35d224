"""``python -m dbt_scheduler.dbt.slicing``: parses a dbt project and writes its slices."""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dbt_scheduler.dbt.connection import Connection, read_connection
from dbt_scheduler.dbt.cutting import Project
from dbt_scheduler.dbt.node_plugins import node_plugin
from dbt_scheduler.dbt.origin import digests_of, installed_versions
from dbt_scheduler.dbt.parsing import INTERVAL, Files, NotParsedError, Parsed, parse, varying_nodes
from dbt_scheduler.dbt.quick import contracts_of
from dbt_scheduler.dbt.store import FOLDER, Entry, Writer, selector_of
from dbt_scheduler.dbt.unsliceable import Reasons
from dbt_scheduler.dbt_paths import writable_paths

_GRAPH = (
    "exposures",
    "functions",
    "groups",
    "metrics",
    "nodes",
    "sources",
    "semantic_models",
    "saved_queries",
)
_ENV_VAR = re.compile(r"""\benv_var\s*\(\s*['"]([^'"]+)['"]""")
_SECRET = "DBT_ENV_SECRET"  # noqa: S105 - a prefix of names


def main(argv: Sequence[str] | None = None) -> int:
    """Slice the project in this folder; returns 0, or 2 if dbt cannot parse it or the slices cannot be written."""
    options = _options(argv)
    project = Path.cwd()
    try:
        with writable_paths(project, os.environ) as added:
            os.environ.update(added)
            entries = slice_project(project, options.target, options.profiles_dir)
    except NotParsedError:
        sys.stderr.write("dbt could not parse the project: no slices were written\n")
        return 2
    except OSError as error:
        path = error.filename or project / FOLDER  # what a full disk refuses has no name
        sys.stderr.write(f"could not write the slices: {path}: {error.strerror}\n")
        return 2
    left = [entry for _, entry in entries if entry.reason]
    if options.explain:
        for entry in left:
            sys.stdout.write(f"{entry.unique_id}: {entry.reason}\n")
    written = len(entries) - len(left)
    noun, verb = "slice" if written == 1 else "slices", "runs" if len(left) == 1 else "run"
    sys.stderr.write(f"{written} {noun} written; {len(left)} {verb} dbt's plain command\n")
    return 0


def slice_project(project: Path, target: str | None, profiles_dir: str | None) -> list[tuple[str, Entry]]:
    """Parse the project and write a slice of each node; returns the index entries by selector.

    Raises:
        NotParsedError: dbt cannot parse the project.
        OSError: the slices cannot be written.

    """
    writer = Writer(project)
    arguments = ["parse", "--quiet", "--no-write-json", "--no-use-colors"]
    arguments += ["--target", target] if target else []
    arguments += ["--profiles-dir", profiles_dir] if profiles_dir else []
    parsed, files = parse(arguments, project)
    varying = varying_nodes(arguments, parsed)
    connection = read_connection(parsed.config.profile_name, target, profiles_dir, os.environ)
    roots = {
        name: os.path.relpath(each.project_root, project)
        for name, each in (parsed.config.dependencies or {}).items()
    }
    cut = Project(parsed.data, roots)
    reasons = Reasons(cut, parsed.data["macros"], varying)
    made_from = {
        **_origin(parsed, connection, files),
        "files": writer.add(files.checksums),
        "shared": writer.add(cut.shared()),
        "graph": writer.add(_graph(parsed)),
        "contracts": writer.add(contracts_of(connection.type)),
    }
    whole = reasons.of_project(catalogs=(project / "catalogs.yml").exists(), plugin=node_plugin())
    entries = []
    for unique_id, node in cut.sliceable():
        reason = whole or reasons.of_node(unique_id, node)
        digest = None if reason else writer.add(cut.cut(unique_id))
        entries.append((selector_of(node["fqn"]), Entry(unique_id, digest, reason)))
    writer.finish(made_from, entries, {**files.note, "files": made_from["files"]})
    return entries


def _origin(parsed: Parsed, connection: Connection, files: Files) -> dict[str, Any]:
    """The origin of the slices, without the digests of files."""
    names = {
        name for name in (*parsed.data["env_vars"], *_named_in_settings(files.places)) if name not in INTERVAL
    }
    return {
        "versions": installed_versions(),
        "connection": connection.describe(),
        "env": digests_of((name for name in names if not name.startswith(_SECRET)), os.environ),
        "places": files.places,
    }


def _named_in_settings(places: Sequence[str]) -> Iterator[str]:
    """The variables that config files name, which dbt does not record."""
    for path in map(Path, places):
        if path.suffix == ".yml" and path.is_file():
            yield from _ENV_VAR.findall(path.read_text("utf-8"))


def _graph(parsed: Parsed) -> Mapping[str, Any]:
    """The content of Jinja's ``graph``."""
    flat = parsed.manifest.flat_graph
    return {
        section: {
            uid: {**each, "created_at": 0.0} if "created_at" in each else each
            for uid, each in sorted(flat[section].items())
        }
        for section in _GRAPH
        if section in flat
    }


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dbt-scheduler slice")
    parser.add_argument("--target")
    parser.add_argument("--profiles-dir")
    parser.add_argument("--explain", action="store_true")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
