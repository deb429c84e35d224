"""What the fuzz tests share: documents with errors, and checks that hold for every command on any input.

``FUZZ_EXAMPLES`` is the number of documents per test: few by default, many in ``make fuzz``.
"""

import copy
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from dbt_scheduler.cli import main

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "12"))
SECONDS = 5.0
"""In CPU time, so that a busy machine is not mistaken for a hang."""

fuzzed = settings(
    max_examples=EXAMPLES,
    derandomize="FUZZ_EXAMPLES" not in os.environ,  # by default the same examples each time
    database=None,
    deadline=None,
    suppress_health_check=[*HealthCheck],
)

Step = str | int
Draw = Callable[[st.SearchStrategy[Any]], Any]

_NEST = 150
WORDS = (
    *(
        "",
        " ",
        "a" * 300,
        "\x00",
        "\x1b[2J",
        "\ud800",
        "\u2028",
        "é",
        "on",
        "10:30",
        "null",
        "~",
        "#x",
        "*",
        "&a",
    ),
    *("..", "../x", "/etc/passwd", "a/b", "{{ 1 }}", "{% raw %}", "$HOME", "`id`", "%s", "{0}"),
    *(
        "(",
        "(a+)+$",
        "[",
        ".*",
        "dim_.*",
        "daily",
        "hourly",
        "dayly",
        "hard",
        "soft",
        "no_wait",
        "shop",
        "shipping",
    ),
    *(
        "61 * * * *",
        "0 0 31 2 *",
        "* * * * *",
        "@yearly",
        "R * * * *",
        "Europe/Vilnius",
        "Europe/Nowhere",
        "../UTC",
    ),
    *(
        "2025-13-01",
        "0001-01-01",
        "9999-12-31T23:59:59",
        "2025-01-01T00:00:00+99:99",
        "file:",
        "gs://",
        "http://[::1",
    ),
    *("month", "week", "7 hours", "0 minutes", "model.shop.a", "source.shop.raw.x", "test.shop.t", "a.b.c"),
)
VALUES = (
    *(None, True, False, 0, 1, -1, 2.0, 0.5, 1e308, float("inf"), float("nan"), 10**18, 10**400),
    *([], {}, [[]], [None], {"": ""}, {"a": {}}, ["daily"], ["a", "a"], {"hours": 10**12}, {"hours": -1}),
)
_PIECES = (
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\t",
    b"&a ",
    b"*a",
    b"<<: *a",
    b"!!python/name:os.system ",
    b"---\n",
)
_PIECES += (
    b"{",
    b"}",
    b"]",
    b'"',
    b"'",
    b":",
    b"\n",
    b"\r",
    b"|",
    b"#",
    b"%YAML 9.9\n",
    b"{{ x }}",
    b"\\u0000",
)


def nested(kind: str) -> Any:
    """A value nested 150 levels deep."""
    value: Any = "x"
    for _ in range(_NEST):
        value = [value] if kind == "list" else {"a": value}
    return value


@st.composite
def spoiled(draw: Draw, document: Any) -> bytes:
    """A document with one to three changes, as JSON, sometimes with byte-level damage as well."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        document = _changed(draw, document)
    text = json.dumps(document).encode()
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        at, cut = draw(st.integers(0, len(text))), draw(st.sampled_from((0, 0, 1, 7, len(text))))
        text = text[:at] + draw(st.sampled_from((*_PIECES, b""))) + text[at + cut :]
    return text


def _changed(draw: Draw, document: Any) -> Any:
    places = [*_places(document, ())]
    path = places[draw(st.integers(0, len(places) - 1))]
    drawn = draw(
        st.one_of(
            st.sampled_from(WORDS),
            st.sampled_from(VALUES),
            st.sampled_from(("list", "mapping")).map(nested),
            # Values from elsewhere in the document are likely to have a type that some key expects.
            st.integers(0, len(places) - 1).map(lambda at: copy.deepcopy(_at(document, places[at]))),
        )
    )
    value = copy.deepcopy(drawn)  # a later change may modify it
    if not path:
        return value
    holder, step = _at(document, path[:-1]), path[-1]
    how = draw(st.sampled_from(("replace", "replace", "replace", "remove", "rename", "add")))
    if how == "replace":
        holder[step] = value
    elif how == "remove":
        del holder[step]
    elif isinstance(holder, list):
        holder.insert(step, value)
    else:
        key = draw(st.sampled_from(WORDS))
        holder[key] = holder.pop(step) if how == "rename" else value
    return document


def _places(value: Any, path: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    yield path
    steps: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, child in steps:
        yield from _places(child, (*path, step))


def _at(value: Any, path: tuple[Step, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def call(*arguments: str | Path) -> Result:
    """Run a command: it must end in time, without a traceback, and with one of its exit codes."""
    with _in_time(arguments):
        result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code in (0, 1, 2), f"{arguments}: exit {result.exit_code}\n{result.output}"
    assert "Traceback" not in result.output, f"{arguments}\n{result.output}"
    return result


@contextmanager
def _in_time(arguments: tuple[str | Path, ...]) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"{arguments} takes more than {SECONDS} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def whole(folder: Path) -> dict[str, bytes]:
    """The files of a folder; none may be incomplete or left over from writing."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name, content in files.items():
        assert not name.endswith((".tmp", ".part")), name
        if name.endswith(".json"):
            json.loads(content)
    return files
