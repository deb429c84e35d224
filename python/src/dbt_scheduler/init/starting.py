"""Builds the initial files of a project from its existing ones, whose content is kept."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path

import msgspec
import yaml

from dbt_scheduler.files import read_inside, write_atomically
from dbt_scheduler.findings.finding import UsageError

_PACKAGE = "https://github.com/dbt-scheduler/dbt-scheduler.git"
_MOST_BYTES = 10_000_000
_REGISTRY = ".dbt_scheduler/registry"
_SCHEDULER = """\
# How this dbt project is scheduled. Set the pipelines of a model in its own config:
#   config: {{meta: {{scheduler: {{pipelines: [daily]}}}}}}
version: 0.17
team: {team}

# Where alerts are sent, and who is tagged in them.
alerting:
  channel: {channel}
  # tag: ["@data.oncall"]

# Tables that other teams may read, and their SLO: ready six hours after the scheduled time of the pipeline daily.
exposed_assets: []
  # - regex: "dim_.*"
  #   slo: {{daily: {{hours: 6}}}}

# Tasks other than dbt nodes: they run after their conditions and fill their assets, which are source tables.
tasks: []
  # - kind: universal
  #   pipelines: [daily]
  #   conditions: [some_model]
  #   assets: [some_source_table]
  #   command: python -m my_module.main
"""
_OURS = re.compile(r"(?:^|[/:\\])dbt[-_]scheduler(?=$|[/\\@.])", re.IGNORECASE)
"""Matches this package, or a fork of it, in a URL, path or name of a package, but not packages with a similar name."""

_NO_END = "\\ No newline at end of file\n"
_CI = {"github": ".github/workflows/scheduler.yml", "gitlab": ".gitlab-ci.yml"}
"""The path of each CI system's file, from the root of the repository."""

CI_NAMES = (*_CI, "none")


class Choices(msgspec.Struct, frozen=True):
    """The user's choices: ``revision`` is the commit or tag of dbt-scheduler, ``ci`` one of ``CI_NAMES``."""

    team: str
    channel: str
    ci: str
    revision: str


class Change(msgspec.Struct, frozen=True):
    """A file and its new text; ``before`` is None for a new file. ``by_hand`` says what the user has to do instead."""

    path: Path
    before: str | None
    after: str
    by_hand: str | None = None

    @property
    def diff(self) -> str:
        """The change as a patch."""
        before, after = (text.splitlines(keepends=True) for text in (self.before or "", self.after))
        name = self.path.as_posix()
        found = unified_diff(before, after, "/dev/null" if self.before is None else name, name)
        return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in found)


def project_name(folder: Path) -> str:
    """The name of the dbt project in a folder. Raises UsageError if there is none."""
    path = folder / "dbt_project.yml"
    text = _read(path)
    if text is None:
        raise UsageError(f"no dbt_project.yml found in {folder}", "specify the folder of a dbt project")
    name = _mapping(path, text).get("name")
    if not isinstance(name, str) or not name:
        raise UsageError(f"{path} has no project name", "set `name`, which dbt requires too")
    return name


def changes(folder: Path, choices: Choices) -> Iterator[Change]:
    """The files that are missing or incomplete, in reading order. Raises UsageError if one cannot be read."""
    path = folder / "scheduler.yaml"
    before = _read(path)
    if before is None and os.path.lexists(misnamed := folder / "scheduler.yml"):
        yield Change(
            misnamed, None, "", f"rename {misnamed} to scheduler.yaml: under its name it is not read"
        )
    elif before is None:
        text = _SCHEDULER.format(team=_quoted(choices.team), channel=_quoted(choices.channel))
        yield Change(path, None, text)
    yield from _packages(folder, choices.revision)
    if choices.ci in _CI:
        yield from _ci(folder, choices)


def write(change: Change) -> None:
    """Write a file atomically.

    Raises:
        OSError: the file cannot be written, or was created in the meantime.

    """
    write_atomically(change.path, change.after.encode(), new=change.before is None)


def _packages(folder: Path, revision: str) -> Iterator[Change]:
    """The change to the file in which the project lists its dbt packages; ``packages.yml`` if neither lists any."""
    listed = [
        path for name in ("packages.yml", "dependencies.yml") if _list(path := folder / name) is not None
    ]
    path = listed[0] if listed else folder / "packages.yml"
    before = _read(path)
    there = _list(path) or []
    missing = [
        entry
        for entry, known in (
            ({"git": _PACKAGE, "revision": revision}, any(map(_is_ours, there))),
            ({"local": _REGISTRY}, {"local": _REGISTRY} in there),
        )
        if not known
    ]
    if not missing:
        return
    after = _with_packages(before or "", missing)
    if "\r\n" in (before or ""):
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    if path.is_symlink():  # writing would replace the symlink instead of its target
        after = before or ""
    wanted = {**_mapping(path, before or ""), "packages": [*there, *missing]}
    if _loaded(after) != wanted:
        by_hand = " and ".join(json.dumps(entry) for entry in missing)
        yield Change(path, before, before or "", f"add these packages to {path} manually: {by_hand}")
        return
    yield Change(path, before, after)


def _is_ours(package: object) -> bool:
    values = package.values() if isinstance(package, dict) else ()
    return any(isinstance(value, str) and _OURS.search(value) for value in values)


def _with_packages(text: str, entries: list[dict[str, str]]) -> str:
    """Append entries to the block-style list ``packages``, or create it."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    start = next((at for at, line in enumerate(lines) if line.startswith("packages:")), None)
    if start is None:
        return "".join([*lines, "packages:\n", *_entries(entries, "  ")])
    items = [at for at, line in enumerate(lines) if at > start and line.lstrip().startswith("- ")]
    indent = lines[items[0]].partition("-")[0] if items else "  "
    end = start + 1
    for at in range(start + 1, len(lines)):
        line = lines[at]
        if line.strip() and not line.lstrip().startswith("#") and not line.startswith((indent or "-", " ")):
            break
        end = at + 1 if line.strip() else end
    lines[start] = lines[start].replace("packages: []", "packages:")
    return "".join([*lines[:end], *_entries(entries, indent), *lines[end:]])


def _entries(entries: list[dict[str, str]], indent: str) -> Iterator[str]:
    for entry in entries:
        for at, (key, value) in enumerate(entry.items()):
            yield f"{indent}{'  ' if at else '- '}{key}: {_quoted(value)}\n"


def _ci(folder: Path, choices: Choices) -> Iterator[Change]:
    root = next(
        (each for each in (folder.resolve(), *folder.resolve().parents) if (each / ".git").exists()), None
    )
    if root is None:
        yield Change(
            folder,
            None,
            "",
            "no CI file was written, because the folder is not in a git repository: "
            f"run `git init`, then `dbt-scheduler init --ci {choices.ci}` again",
        )
        return
    path, project = root / _CI[choices.ci], folder.resolve().relative_to(root).as_posix()
    before = _read(path)
    text = (_templates() / f"{choices.ci}.yml").read_text("utf-8")
    text = text.replace("@COMMIT", f"@{choices.revision}")
    text = text.replace("project: .\n", f"project: {_quoted(project)}\n")
    text = text.replace("PROJECT: . #", f"PROJECT: {_quoted(project)} #")
    if before is None:
        yield Change(path, None, text)
    elif "dbt-scheduler" not in before:
        yield Change(
            path, before, before, f"{path} already exists: add the jobs of docs/ci/{choices.ci}.yml manually"
        )


def _templates() -> Path:
    # Wheels contain the files; an editable install reads them from the root of the repository.
    package = Path(__file__).parent.parent
    packaged = package / "ci"
    return packaged if packaged.is_dir() else package.parents[2] / "docs" / "ci"


def _quoted(text: str) -> str:
    """Quote a string for YAML: JSON escapes some characters differently."""
    written: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return written.rstrip("\n")


def _list(path: Path) -> list[object] | None:
    """The packages that a file lists; None if it lists none."""
    text = _read(path)
    found = _mapping(path, text).get("packages") if text is not None else None
    return found if isinstance(found, list) else None


def _mapping(path: Path, text: str) -> Mapping[str, object]:
    found = _loaded(text)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UsageError(f"{path} is not in the format that dbt expects", "correct the file first")
    return found


def _loaded(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError):  # some of `!!bool foo`
        return ()


def _read(path: Path) -> str | None:
    try:
        content = read_inside(path, _MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise UsageError(f"{path} is larger than {_MOST_BYTES // 1_000_000} MB", "correct the file first")
        return content.decode()  # keeps line ends
    except FileNotFoundError:
        if path.is_symlink():
            raise UsageError(
                f"{path} is a symlink to a file that does not exist", "remove the symlink, or create the file"
            ) from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = (
            (error.strerror or "unknown error").lower() if isinstance(error, OSError) else ("not valid UTF-8")
        )
        raise UsageError(f"cannot read {path}: {reason}", "correct the file first") from None
