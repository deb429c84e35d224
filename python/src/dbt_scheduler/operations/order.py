"""Sorts items by their dependencies."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

_Item = TypeVar("_Item")


def in_order(items: Iterable[_Item], needs: Mapping[_Item, set[_Item]]) -> tuple[list[_Item], bool]:
    """Sort items after their dependencies, otherwise keeping their order; True if there is a cycle.

    The given item of a cycle that comes first stays the first of it.
    """
    waiting, placed, circular = dict.fromkeys(items), dict[_Item, None](), False
    while waiting:
        ready = [each for each in waiting if not (needs.get(each, set()) - {each}) & waiting.keys()]
        if not ready:
            circular, ready = True, [_in_cycle(waiting, needs)]
        for each in ready:
            placed[each] = waiting.pop(each)
    return [*placed], circular


def _in_cycle(waiting: Mapping[_Item, None], needs: Mapping[_Item, set[_Item]]) -> _Item:
    """The first remaining item that is part of a cycle, not just downstream of one."""
    return next(each for each in waiting if each in _above(each, waiting, needs))


def _above(item: _Item, waiting: Mapping[_Item, None], needs: Mapping[_Item, set[_Item]]) -> set[_Item]:
    found: set[_Item] = set()
    ahead = [item]
    while ahead:
        for each in (needs.get(ahead.pop(), set()) & waiting.keys()) - found - {item}:
            found.add(each)
            ahead.append(each)
            if item in needs.get(each, set()):
                found.add(item)
    return found
