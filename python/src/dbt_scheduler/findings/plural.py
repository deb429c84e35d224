"""Counts of things in messages: ``1 task``, ``2 tasks``."""


def format_count(count: float, noun: str) -> str:
    """``1 task``, ``2 tasks``."""
    return f"{count:.12g} {plural(noun, count)}"


def plural(noun: str, count: float) -> str:
    """``task`` for 1, ``tasks`` for any other count."""
    return noun if count == 1 else f"{noun}s"
