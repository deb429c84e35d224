"""YAML with lines: the parsed values, the line of each value, and the findings about invalid YAML."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dbt_scheduler.config.yaml import Document, format_path, load_yaml, parse_yaml
from dbt_scheduler.config.yaml.scalars import find_coercion
from dbt_scheduler.project.properties import locate_in_yml


def parse(text: str) -> Document:
    document, findings = parse_yaml(text, "f.yaml")
    assert findings == ()
    assert document is not None
    return document


def refused(text: str) -> str:
    """Line, problem and hint of the only finding about invalid YAML."""
    document, (finding,) = parse_yaml(text, "f.yaml")
    assert document is None
    assert (finding.path, finding.code) == ("f.yaml", "SCH404")
    problem = finding.message.removeprefix("invalid YAML: ")
    assert problem != finding.message
    return f"{finding.line}: {problem} | {finding.hint}"


def test_lines_of_keys_items_and_of_what_is_absent():
    document = parse("# first\nversion: 0.17\ntasks:\n  - kind: universal\n    timeout:\n      minutes: 30\n")
    assert document.line(()) == 2
    assert document.line(("version",)) == 2
    assert document.line(("tasks",)) == 3
    assert document.line(("tasks", 0)) == 4
    assert document.line(("tasks", 0, "timeout", "minutes")) == 6
    assert document.line(("tasks", 0, "timeout", "hours")) == 5
    assert document.line(("tasks", 7, "kind")) == 3
    assert document.line(("nothing",)) == 2


@pytest.mark.parametrize(
    ("written", "text"),
    [("0.17", "0.17"), ("0.170", "0.170"), ('"0.17"', "0.17"), ("1", "1"), ("~", "~"), ("[1]", None)],
)
def test_text_is_what_the_file_has(written, text):
    assert parse(f"version: {written}\n").text(("version",)) == text
    assert parse(f"version: {written}\n").text(("versoin",)) is None


def test_keys_and_dates_are_text():
    document = parse("on: 2025-01-01\n1: a\nyes: b\n2025-01-01: c\n~: d\n")
    assert document.value == {"on": "2025-01-01", "1": "a", "yes": "b", "2025-01-01": "c", "~": "d"}
    assert document.line(("yes",)) == 3


def test_surprises_are_remembered():
    document = parse(
        "a: on\nb: 1_000\nc: 10:30\nd: [010]\ne: #chan\nf: true\ng: 5\nh: 0.17\ni: # a comment\n"
    )
    assert [(format_path(s.path), s.line, s.written, s.read) for s in document.coercions] == [
        ("a", 1, "on", "true"),
        ("b", 2, "1_000", "1000"),
        ("c", 3, "10:30", "630"),
        ("d[0]", 4, "010", "8"),
        ("e", 5, "#chan", "a comment"),
    ]
    assert document.coercions[0].hint == 'YAML parses on as true: to keep it as a string, write "on"'


def test_what_only_looks_like_a_number_or_date_stays_text():
    assert parse(f"a: 2025-99-99\nb: {'9' * 5000}\nc: !!int abc\n").value == {
        "a": "2025-99-99",
        "b": "9" * 5000,
        "c": "abc",
    }


def test_anchors_and_merge_keys():
    document = parse("base: &base\n  x: 1\n  y: 1\nm:\n  <<: *base\n  y: 2\nn: [*base, *base]\n")
    assert document.value == {
        "base": {"x": 1, "y": 1},
        "m": {"x": 1, "y": 2},
        "n": [{"x": 1, "y": 1}, {"x": 1, "y": 1}],
    }
    assert document.line(("m", "x")) == 2
    assert document.line(("m", "y")) == 6
    assert document.line(("n", 1)) == 1  # the line of the anchor: YAML does not keep where it is used


def test_a_duplicate_key_is_reported_and_the_last_one_counts():
    document, findings = parse_yaml("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert document is not None
    assert document.value == {"a": 3, "b": 2}
    assert [(f.place, f.code, f.message, f.hint) for f in findings] == [
        (
            "f.yaml:3",
            "SCH410",
            'duplicate key "a"',
            "the first one is on line 1: remove one of them, or merge their contents",
        )
    ]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_empty_files(text):
    assert parse(text).value is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'exposed_assets:\n  - regex: "mrt_daily_exposed"\n  slo:\n    daily:\n      hours: 4\n',
            '3: "slo" has the same indentation as the "- " of the list above'
            ' | if "slo" belongs to the list item above, indent it by two more spaces',
        ),
        ("a:\n\tb: 1\n", "2: the indentation contains a tab | use spaces instead of tabs"),
        (
            "a:\n  b: 1\n\tc: 2\n",
            "3: the indentation contains a tab | use spaces instead of tabs",
        ),
        (
            'a: "x\nb: 2\n',
            "1: the quote opened here is never closed | add the closing quote",
        ),
        (
            "tag: @amazing.person\n",
            '1: a value cannot start with @ | put it in quotes: "@amazing.person"',
        ),
        (
            "tag: !subteam^S05\n",
            "1: a value that starts with ! is a YAML tag | put the value in quotes",
        ),
        (
            "tag: !subteam\n",
            '1: the YAML tag "!subteam" is not supported | put the value in quotes',
        ),
        (
            "regex: *_daily\n",
            "1: a value that starts with * is a YAML alias, and its anchor is not defined"
            ' | put the value in quotes; to match any text with a regex, use ".*"',
        ),
        (
            'regex: "dim_\\d+"\n',
            "1: unknown escape sequence in a double-quoted string"
            " | use single quotes, in which a backslash has no special meaning",
        ),
        (
            "a: 1\n---\nb: 2\n",
            '2: a second document starts here ("---") | keep one document in the file',
        ),
        (
            "a: {{ x }}\n",
            "1: a key must be a scalar | quote strings that start with { or [",
        ),
        (
            "a: &a [*a]\n",
            "1: an anchor contains an alias to itself | write the value out instead",
        ),
        (
            "a: &a {<<: *a}\n",
            "1: an anchor is merged into itself | write the value out instead",
        ),
        (
            "a: 1\nb: \x07\n",
            "2: it contains a control character | remove it, or save the file as UTF-8 text",
        ),
        ("[" * 1_000_000, "1: it has more than 60 levels of nesting | reduce the nesting"),
        (
            "[" * 100 + "]" * 100,
            "1: it has more than 60 levels of nesting | reduce the nesting",
        ),
    ],
)
def test_what_is_reported_of_text_that_is_no_yaml(text, expected):
    assert refused(text) == expected


def test_anchors_that_stand_for_billions_of_values_are_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert (
        refused("\n".join(lines)) == "1: its aliases expand to 1,234,567,901,233 values | use fewer aliases"
    )


def test_files_that_cannot_be_read(tmp_path):
    missing, folder, latin, marked = (
        tmp_path / name for name in ("missing", "folder", "latin.yaml", "bom.yaml")
    )
    folder.mkdir()
    latin.write_bytes("a: 1\nb: \xe9\n".encode("latin-1"))
    marked.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert [f.code for f in load_yaml(missing)[1]] == ["SCH401"]
    assert [f.code for f in load_yaml(folder)[1]] == ["SCH402"]
    (finding,) = load_yaml(latin)[1]
    assert (finding.line, finding.message, finding.hint) == (
        2,
        "the file cannot be read: byte 9 is not valid UTF-8",
        "save the file as UTF-8",
    )
    document, findings = load_yaml(marked)
    assert findings == ()
    assert document is not None
    assert document.value == {"a": 1, "b": 2}
    assert document.line(("b",)) == 2


@given(st.text(alphabet=":-[]{}&*!#|>'\"%@`,? \t\nab01.\u2028\r", max_size=60))
def test_no_text_ever_raises_and_good_text_reads_as_yaml_reads_it(text):
    document, findings = parse_yaml(text, "f.yaml")
    assert (document is None) <= bool(findings)
    if document is None or findings:
        return
    try:
        expected = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return  # a single "=" or a key that is a mapping: a string here, an error in PyYAML
    assert values(expected) == values(document.value)


def values(value: object) -> object:
    """The value with keys as strings, as here; in YAML they may have any type."""
    if isinstance(value, dict):
        return [values(child) for child in value.values()]
    return [values(child) for child in value] if isinstance(value, list) else value


def test_plain_words_do_not_surprise():
    assert find_coercion(yaml.ScalarNode("tag:yaml.org,2002:int", "42"), 42, "a: 42") is None


PROPERTIES = """\
models:
  - name: other
  - name: dim_customers
    config:
      meta:
        scheduler:
          pipelines: [hourly,
            dayly]
  - name: old_style
    meta:
      scheduler: {}
sources:
  - name: shipping
    meta: {scheduler: {global_asset: true}}
    tables:
      - name: fct_shipments
        config: {}
"""


@pytest.mark.parametrize(
    ("section", "names", "below", "line"),
    [
        ("models", ("dim_customers",), (), 3),
        ("models", ("dim_customers",), ("config", "meta", "scheduler", "pipelines", 1), 8),
        ("models", ("dim_customers",), ("config", "meta", "scheduler", "group"), 6),
        ("models", ("old_style",), ("config", "meta", "scheduler"), 11),
        ("models", ("absent",), ("config",), 0),
        ("seeds", ("dim_customers",), (), 0),
        ("sources", ("shipping", "fct_shipments"), (), 16),
        ("sources", ("shipping", "fct_shipments"), ("config", "meta", "scheduler"), 14),
        ("sources", ("shipping", "fct_orders"), (), 13),
    ],
)
def test_a_dbt_node_has_a_line(section, names, below, line):
    assert locate_in_yml(parse(PROPERTIES), section, names, below) == line


@pytest.mark.parametrize("text", ["", "models: 5\n", "models: [a, 1]\n", "models:\n  - {}\n"])
def test_odd_properties_files_have_no_line(text):
    assert locate_in_yml(parse(text), "models", ("dim_customers",), ("config", "meta")) == 0


def test_tables_of_a_source_with_two_entries_have_their_own_lines():
    text = "sources:\n  - name: s\n    tables:\n      - name: a\n  - name: s\n    tables:\n      - name: b\n"
    lines = [locate_in_yml(parse(text), "sources", ("s", table)) for table in ("a", "b", "c")]
    assert lines == [4, 7, 2]


def test_mappings_that_merge_each_other_cost_no_more_than_they_are_long():
    bomb = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 50))
    assert parse(bomb).value["a49"] == {"x": 1}


@pytest.mark.parametrize("number", ["0x" + "f" * 4000, ":".join(["1"] * 2000)])
def test_an_integer_of_thousands_of_digits_stays_text(number):
    assert parse(f"a: {number}\n").value == {"a": number}


@pytest.mark.parametrize(
    ("written", "value"), [("!!float ''", ""), (":".join(["1"] * 2000) + ".5", ":".join(["1"] * 2000) + ".5")]
)
def test_a_decimal_that_yaml_cannot_make_a_number_of_stays_text(written, value):
    assert parse(f"a: {written}\n").value == {"a": value}
