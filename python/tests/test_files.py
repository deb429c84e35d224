"""How documents are written."""

from dbt_scheduler.files import encode_json


def test_a_null_character_which_no_database_stores_is_written_as_its_sign() -> None:
    assert encode_json({"a\0": ["\0\0b", r"\u0000", "\\\0"]}) == (
        b'{\n  "a\xe2\x90\x80": [\n    "\xe2\x90\x80\xe2\x90\x80b",\n    "\\\\u0000",\n    "\\\\\xe2\x90\x80"\n  ]\n}\n'
    )
