"""Describes errors of YAML parsers for the author of the file."""

import re

import msgspec
import yaml


class YamlProblem(msgspec.Struct, frozen=True):
    """An error in a YAML file: its line, counted from 1, the problem, and a hint."""

    line: int
    problem: str
    hint: str


_QUOTES = "put the value in quotes"
_ENCODING = "remove it, or save the file as UTF-8 text"
# A part of libyaml's or PyYAML's message, the problem, and the hint; the first match counts.
_EXPLANATIONS = (
    ("characters are not allowed", "it contains a control character", _ENCODING),
    ("violates indentation", "the indentation contains a tab", "use spaces instead of tabs"),
    ("found unexpected end of stream", "the quote opened here is never closed", "add the closing quote"),
    (
        "found unknown escape character",
        "unknown escape sequence in a double-quoted string",
        "use single quotes, in which a backslash has no special meaning",
    ),
    (
        "found undefined alias",
        "a value that starts with * is a YAML alias, and its anchor is not defined",
        f'{_QUOTES}; to match any text with a regex, use ".*"',
    ),
    (
        "mapping values are not allowed",
        'unexpected ":"',
        'check this line and the one before it for wrong indentation, a missing quote or a missing ":"',
    ),
    ("could not find expected ':'", 'missing ":" on the line before', 'write it as "key: value"'),
    ("but found another document", 'a second document starts here ("---")', "keep one document in the file"),
    ("while scanning a tag", "a value that starts with ! is a YAML tag", _QUOTES),
    ("while scanning an anchor", "a value that starts with & is a YAML anchor", _QUOTES),
    ("while scanning an alias", "a value that starts with * is a YAML alias", _QUOTES),
    ("found duplicate anchor", "duplicate anchor", "rename one of the anchors"),
    ("while parsing a flow node", 'unclosed "[" or "{", or missing value', "close it"),
    ("while parsing a block node", "a value cannot start with this character", _QUOTES),
    (
        "while parsing a flow sequence",
        'the list opened with "[" is not closed, or a comma is missing',
        'close it with "]"',
    ),
    (
        "while parsing a flow mapping",
        'the mapping opened with "{" is not closed, or a comma is missing',
        'close it with "}"',
    ),
    ("while scanning a block scalar", 'unexpected text after ">" or "|"', _QUOTES),
    (
        "while parsing a block mapping",
        "the indentation of this line does not match the lines above",
        "indent the line like the other keys of its mapping; if a value starts with a quote, quote all of it",
    ),
)
_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")


def split_lines(text: str) -> list[str]:
    """The lines of a text as YAML counts them."""
    return _BREAK.split(text)


def describe_error(error: yaml.YAMLError, text: str) -> YamlProblem:
    """Convert a parser's error to a problem in plain words."""
    if isinstance(error, yaml.reader.ReaderError):
        line = len(split_lines(text[: error.position]))
        words = str(error.reason)
    elif isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        words = f"{error.context} {error.problem}"
        if "end of stream" in words or "flow" in words:
            mark = error.context_mark or mark
        line = mark.line + 1 if mark else 1
        special = _line_problem(words, mark, split_lines(text))
        if special:
            return YamlProblem(line, *special)
    else:
        line, words = 1, str(error)
    for part, problem, hint in _EXPLANATIONS:
        if part in words:
            return YamlProblem(line, problem, hint)
    return YamlProblem(
        line,
        words.removeprefix("None "),
        "check this line and the one before it for wrong indentation or a missing quote",
    )


def _line_problem(words: str, mark: yaml.Mark | None, lines: list[str]) -> tuple[str, str] | None:
    """The problem and the hint, if they depend on the text of the line; else None."""
    if mark is None or mark.line >= len(lines):
        return None
    line = lines[mark.line]
    if "cannot start any token" in words:
        character = line[mark.column : mark.column + 1]
        if character == "\t":
            return "the indentation contains a tab", "use spaces instead of tabs"
        return f"a value cannot start with {character}", f'put it in quotes: "{line[mark.column :].strip()}"'
    if "while parsing a block collection" in words:
        key = re.match(r"\s*([^\s:#-][^\s:#]*):(\s|$)", line)
        if key:
            return (
                f'"{key[1]}" has the same indentation as the "- " of the list above',
                f'if "{key[1]}" belongs to the list item above, indent it by two more spaces',
            )
        return (
            'expected a list item, but the line does not start with "- "',
            'start the line with "- ", or correct its indentation',
        )
    return None
