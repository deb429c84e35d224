"""What a YAML parser's complaint means to the person who wrote the file."""

import re

import msgspec
import yaml


class YamlProblem(msgspec.Struct, frozen=True):
    """Why a text is not usable YAML: a line that counts from 1, what is wrong, and what to do about it."""

    line: int
    problem: str
    hint: str


_QUOTES = "put the value in quotes"
_ENCODING = "remove it, or save the file as UTF-8 text"
# Words of libyaml and of PyYAML's own parser, what they mean, what to do; the first that occurs counts.
_EXPLANATIONS = (
    ("characters are not allowed", "it has a control character", _ENCODING),
    ("violates indentation", "a tab is used to indent", "use spaces"),
    ("found unexpected end of stream", "a quote is opened here and never closed", "add the closing quote"),
    (
        "found unknown escape character",
        "in double quotes a backslash starts an escape, and this one does not exist",
        "write it in single quotes: there a backslash is just a backslash",
    ),
    (
        "found undefined alias",
        "a value that starts with * refers to an anchor, and there is none of that name",
        f'{_QUOTES}; in a regex "anything" is ".*"',
    ),
    (
        "mapping values are not allowed",
        'a ":" is not expected here',
        'look for a wrong indent, a missing quote, or a missing ":" at the end of the line before',
    ),
    ("could not find expected ':'", 'the line before has no ":"', 'write it as "key: value"'),
    ("but found another document", 'a second document starts here ("---")', "keep one document in the file"),
    ("while scanning a tag", "a value that starts with ! is a YAML tag", _QUOTES),
    ("while scanning an anchor", "a value that starts with & is a YAML anchor", _QUOTES),
    ("while scanning an alias", "a value that starts with * is a YAML alias", _QUOTES),
    ("found duplicate anchor", "an anchor of this name exists already", "give it another name"),
    ("while parsing a flow node", 'a "[" or "{" is not closed, or lacks a value', "close it"),
    ("while parsing a block node", "a value cannot start like this", _QUOTES),
    (
        "while parsing a flow sequence",
        'a list opened with "[" is not closed, or lacks a comma',
        'close it with "]"',
    ),
    (
        "while parsing a flow mapping",
        'keys opened with "{" are not closed, or lack a comma',
        'close it with "}"',
    ),
    ("while scanning a block scalar", 'text follows a ">" or "|" on its line', _QUOTES),
    (
        "while parsing a block mapping",
        "this line does not fit in with the lines above it",
        "give it the indent of the keys it belongs to; a value with quotes must be all in quotes",
    ),
)
_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")


def split_lines(text: str) -> list[str]:
    """A text's lines as YAML counts them."""
    return _BREAK.split(text)


def describe_error(error: yaml.YAMLError, text: str) -> YamlProblem:
    """Turn a parser's error into a problem in plain words."""
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
        "look for a wrong indent or a missing quote on this line or the one before",
    )


def _line_problem(words: str, mark: yaml.Mark | None, lines: list[str]) -> tuple[str, str] | None:
    """What is wrong where the answer stands in the line itself."""
    if mark is None or mark.line >= len(lines):
        return None
    line = lines[mark.line]
    if "cannot start any token" in words:
        character = line[mark.column : mark.column + 1]
        if character == "\t":
            return "a tab is used to indent", "use spaces"
        return f"a value cannot start with {character}", f'put it in quotes: "{line[mark.column :].strip()}"'
    if "while parsing a block collection" in words:
        key = re.match(r"\s*([^\s:#-][^\s:#]*):(\s|$)", line)
        if key:
            return (
                f'"{key[1]}" stands beside the "- " of the list above it',
                f'if "{key[1]}" belongs to the entry above, indent it two spaces more',
            )
        return (
            'this line belongs to a list, but does not start with "- "',
            'start it with "- ", or correct its indent',
        )
    return None
