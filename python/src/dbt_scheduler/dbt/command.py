"""Parses the dbt commands that the compiler writes; other commands cannot run from a slice."""

from collections.abc import Sequence
from typing import NamedTuple

from dbt_scheduler.dbt.store import NoSliceError

_MANY = "--select"
_ONE = (
    *(
        "--target",
        "--profiles-dir",
        "--indirect-selection",
        "--exclude-resource-type",
        "--warn-error-options",
    ),
    "--inline",
)
_NONE = ("--no-write-json", "--cache-selected-only", "--no-use-colors", "--quiet", "--no-populate-cache")
_FOR = "--for"


class Command(NamedTuple):
    """A dbt command line; ``selectors`` identify the slices that it needs in the index.

    With ``inline``, it compiles a text against these slices.
    """

    program: str
    arguments: tuple[str, ...]
    selectors: tuple[str, ...]
    inline: bool
    target: str | None
    profiles_dir: str | None


def split_command(argv: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The selector after ``--for``, if any, and the plain command."""
    if argv[:1] == [_FOR]:
        return next(iter(argv[1:2]), None), tuple(argv[2:])
    return None, tuple(argv)


def read_command(argv: Sequence[str]) -> Command:
    """Parse ``[--for SELECTOR] dbt build ...``.

    Raises:
        NoSliceError: a slice cannot run this command.

    """
    selector, (program, subcommand, *words) = split_command(argv)
    inline = subcommand == "compile" and selector is not None
    if subcommand not in ("build", "test") and not inline:
        raise NoSliceError(f"dbt {subcommand} requires the whole project")
    options = _options(words)
    selected = [selector] if selector else options.get(_MANY, [])
    if not selected:
        raise NoSliceError("no node is selected")
    for each in selected:
        if not each.startswith("fqn:"):
            raise NoSliceError(f"{each} does not select exactly one node")
    return Command(
        program,
        (subcommand, *words),
        tuple(each.partition(",")[0] for each in selected),
        inline,
        next(iter(options.get("--target", ())), None),
        next(iter(options.get("--profiles-dir", ())), None),
    )


def _options(words: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rest = list(words)
    while rest:
        option = rest.pop(0)
        if option not in (_MANY, *_ONE, *_NONE):
            raise NoSliceError(f"{option} is given")
        values = found.setdefault(option, [])
        while rest and option not in _NONE and not rest[0].startswith("--"):
            values.append(rest.pop(0))
            if option in _ONE:
                break
    return found
