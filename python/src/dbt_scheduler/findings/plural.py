"""Counts of things in messages: ``1 task``, ``2 tasks``."""


def number(count: float, noun: str) -> str:
    """``1 task``, ``2 tasks``."""
    return f"{count:.12g} {_plural(noun, count)}"


def _plural(noun: str, count: float) -> str:
    return noun if count == 1 else f"{noun}s"
