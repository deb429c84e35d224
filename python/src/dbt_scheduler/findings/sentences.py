"""Joins messages and hints into one text."""

import re

_WORD = re.compile(r"[a-z]+(?=[\s,:;.]|$)")
"""A plain lower-case first word; a dag_id, a path or quoted code keeps its spelling."""


def sentences(*texts: str) -> str:
    """The texts as sentences, each capitalized and ended with a period; empty texts are left out."""
    return " ".join(_sentence(text.strip()) for text in texts if text.strip())


def _sentence(text: str) -> str:
    word = _WORD.match(text)
    start = text[0].upper() + text[1:] if word else text
    return start if start.endswith((".", "!", "?")) else f"{start}."
