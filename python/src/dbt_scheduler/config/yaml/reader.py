"""Reads YAML: values as ``yaml.safe_load`` returns them (but keys and dates as strings), positions and findings."""

import pathlib

import msgspec
import yaml

from dbt_scheduler.config.yaml.document import Coercion, Document, Path, Position
from dbt_scheduler.config.yaml.errors import YamlProblem, describe_error, split_lines
from dbt_scheduler.config.yaml.scalars import PREFIX, find_coercion, scalar_value
from dbt_scheduler.files import read_file
from dbt_scheduler.findings.catalogue.inputs import SCH401, SCH402, SCH404, SCH410
from dbt_scheduler.findings.finding import Finding

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 60
# The parser recurses for each level: a file with a million brackets would crash the process.
_LONG = 20_000
_UNREADABLE = "replace it with a regular file, and check its permissions"
# Anchors may expand a file up to this size; a larger one is an attack or a mistake.
_MAX_GROWTH, _FREE_GROWTH = 10, 10_000


_Entries = dict[str, tuple[yaml.Node, yaml.Node]]


class _RefusedError(Exception):
    def __init__(self, line: int, problem: str, hint: str) -> None:
        self.problem = YamlProblem(line, problem, hint)


class _Built(msgspec.Struct, frozen=True):
    value: object
    children: dict[str | int, Position]
    size: int


def load_yaml(path: pathlib.Path) -> tuple[Document | None, tuple[Finding, ...]]:
    """Read a file: its document, or None if it cannot be used, and the findings."""
    text, findings = read_text(path)
    if text is None:
        return None, findings
    return parse_yaml(text, str(path))


def read_text(path: pathlib.Path) -> tuple[str | None, tuple[Finding, ...]]:
    """The text of a UTF-8 file; None, with a finding, if it cannot be read."""
    try:
        return read_file(path).decode("utf-8-sig"), ()
    except FileNotFoundError:
        return None, (SCH401.at(str(path), hint="check the path"),)
    except OSError as error:
        return None, (SCH402.at(str(path), problem=error.strerror, hint=_UNREADABLE),)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = f"byte {error.start + 1} is not valid UTF-8"
        return None, (SCH402.at(str(path), line, problem=problem, hint="save the file as UTF-8"),)


def parse_yaml(text: str, path: str) -> tuple[Document | None, tuple[Finding, ...]]:
    """The same for a text; ``path`` is shown in findings."""
    try:
        if len(text) > _LONG:
            _check_depth(text)
        node = yaml.compose(text, Loader=_LOADER)
        builder = _Builder(path, split_lines(text))
        return builder.document(node), tuple(builder.findings)
    except yaml.YAMLError as error:
        problem = describe_error(error, text)
    except _RefusedError as refused:
        problem = refused.problem
    return None, (SCH404.at(path, problem.line, problem=problem.problem, hint=problem.hint),)


class _Builder:
    """Builds values and positions from the nodes of one file; anchors are built once and shared."""

    def __init__(self, path: str, lines: list[str]) -> None:
        self.findings: list[Finding] = []
        self._path = path
        self._lines = lines
        self._coercions: list[Coercion] = []
        self._built: dict[int, _Built | None] = {}
        self._merged: dict[int, _Entries] = {}

    def document(self, node: yaml.Node | None) -> Document:
        if node is None:
            return Document(self._path, None, Position(1))
        built = self._build(node, ())
        if built.size > _FREE_GROWTH + _MAX_GROWTH * len(self._built):
            raise _RefusedError(
                _line(node), f"its aliases expand to {built.size:,} values", "use fewer aliases"
            )
        root = Position(_line(node), _text(node), built.children)
        return Document(self._path, built.value, root, tuple(self._coercions))

    def _build(self, node: yaml.Node, path: Path) -> _Built:
        known = self._built.get(id(node), self)
        if isinstance(known, _Built):
            return known
        if known is None:
            raise _RefusedError(
                _line(node), "an anchor contains an alias to itself", "write the value out instead"
            )
        if len(path) > _MAX_DEPTH:
            raise _too_deep(_line(node))
        self._built[id(node)] = None
        if isinstance(node, yaml.MappingNode) and node.tag == PREFIX + "map":
            built = self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode) and node.tag == PREFIX + "seq":
            built = self._sequence(node, path)
        elif isinstance(node, yaml.ScalarNode):
            built = _Built(self._scalar(node, path), {}, 1)
        else:
            raise _unknown_tag(node)
        self._built[id(node)] = built
        return built

    def _mapping(self, node: yaml.MappingNode, path: Path) -> _Built:
        value: dict[str, object] = {}
        positions: dict[str | int, Position] = {}
        size = 1
        for key, (key_node, child) in self._entries(node).items():
            built = self._build(child, (*path, key))
            value[key] = built.value
            positions[key] = Position(_line(key_node), _text(child), built.children)
            size += built.size
        return _Built(value, positions, size)

    def _entries(self, node: yaml.MappingNode, depth: int = 0) -> _Entries:
        """The key and value nodes by key: merged mappings are expanded, and the mapping's own keys take precedence."""
        if depth > _MAX_DEPTH:
            raise _RefusedError(_line(node), "an anchor is merged into itself", "write the value out instead")
        merged: _Entries = {}
        own: _Entries = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _RefusedError(
                    _line(key), "a key must be a scalar", "quote strings that start with { or ["
                )
            if key.tag == PREFIX + "merge":
                for source in reversed(_merge_sources(child)):
                    if id(source) not in self._merged:  # otherwise, nested merges would take exponential time
                        self._merged[id(source)] = self._entries(source, depth + 1)
                    merged.update(self._merged[id(source)])
                continue
            if key.value in own and depth == 0:
                first = _line(own[key.value][0])
                self.findings.append(
                    SCH410.at(self._path, _line(key), key=key.value, first_line=first, subject=key.value)
                )
            own[key.value] = (key, child)
        return {**merged, **own} if merged else own

    def _sequence(self, node: yaml.SequenceNode, path: Path) -> _Built:
        built = [self._build(child, (*path, index)) for index, child in enumerate(node.value)]
        positions: dict[str | int, Position] = {
            index: Position(_line(child), _text(child), item.children)
            for index, (child, item) in enumerate(zip(node.value, built, strict=True))
        }
        return _Built([item.value for item in built], positions, 1 + sum(item.size for item in built))

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> object:
        try:
            value = scalar_value(node)
        except KeyError:
            raise _unknown_tag(node) from None
        # An empty value at the end of a file has a position after the last line.
        source = self._lines[node.start_mark.line : node.start_mark.line + 1]
        coercion = find_coercion(node, value, "".join(source))
        if coercion:
            self._coercions.append(Coercion(path, _line(node), *coercion))
        return value


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH + 1:
            mark = event.start_mark
            raise _too_deep(mark.line + 1 if mark else 1)


def _too_deep(line: int) -> _RefusedError:
    return _RefusedError(line, f"it has more than {_MAX_DEPTH} levels of nesting", "reduce the nesting")


def _merge_sources(node: yaml.Node) -> list[yaml.MappingNode]:
    sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for source in sources:
        if not isinstance(source, yaml.MappingNode):
            raise _RefusedError(
                _line(source), 'the value of "<<" is not a mapping', "use an alias to a mapping: <<: *name"
            )
    return list(sources)


def _unknown_tag(node: yaml.Node) -> _RefusedError:
    tag = node.tag.replace(PREFIX, "!!")
    return _RefusedError(_line(node), f'the YAML tag "{tag}" is not supported', "put the value in quotes")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _text(node: yaml.Node) -> str | None:
    return node.value if isinstance(node, yaml.ScalarNode) else None
