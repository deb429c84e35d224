"""Writing of documents."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dbt_scheduler.files import encode_json, read_file, read_lines


def test_a_null_character_which_no_database_stores_is_written_as_its_sign() -> None:
    assert encode_json({"a\0": ["\0\0b", r"\u0000", "\\\0"]}) == (
        b'{\n  "a\xe2\x90\x80": [\n    "\xe2\x90\x80\xe2\x90\x80b",\n    "\\\\u0000",\n    "\\\\\xe2\x90\x80"\n  ]\n}\n'
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (os.mkfifo, "not a regular file"),
        (Path.mkdir, "is a directory"),
        (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
        (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
        (lambda _: None, "No such file or directory"),
    ],
    ids=["pipe", "folder", "device", "loop", "nothing"],
)
def test_what_is_no_file_is_neither_read_nor_waited_for(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    make(tmp_path / "f")
    with pytest.raises(OSError, match=reason):
        read_file(tmp_path / "f")
    assert read_lines(tmp_path / "f") == []


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"a\n\xff\n")
    (tmp_path / "link").symlink_to("f")
    assert read_file(tmp_path / "link") == b"a\n\xff\n"
    assert read_lines(tmp_path / "link") == ["a", "\N{REPLACEMENT CHARACTER}"]
