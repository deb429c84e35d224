"""The Jinja variable ``graph``: the whole project, loaded lazily on first access."""

from collections.abc import Callable
from threading import Lock
from typing import Any

_LOCK = Lock()
_METHODS = (
    *(
        "__contains__",
        "__delitem__",
        "__eq__",
        "__getitem__",
        "__iter__",
        "__len__",
        "__ne__",
        "__or__",
        "__repr__",
    ),
    *("__reversed__", "__ror__", "__setitem__", "clear", "copy", "get", "items", "keys", "pop", "popitem"),
    *("setdefault", "update", "values"),
)


class Graph(dict[str, Any]):
    """A dict that loads its content on the first method call; few nodes need it."""

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        # Some Python internals treat an empty dict as empty without calling a method.
        super().__init__(nodes=None)
        self._read: Callable[[], dict[str, Any]] | None = read

    def _fill(self) -> None:
        with _LOCK:
            if self._read:
                content = self._read()
                self._read = None
                dict.update(self, content)


def _filling(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    def filled(graph: Graph, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - any dict method
        graph._fill()
        return method(graph, *arguments, **more)

    return filled


for _name in _METHODS:
    setattr(Graph, _name, _filling(_name))
