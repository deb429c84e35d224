"""Wraps documents in scripts, because a page opened from a file cannot fetch JSON."""

import hashlib
from collections.abc import Mapping

import msgspec

_ESCAPES = {"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that are unsafe in a script, or that older browsers treat as line ends."""

_CALL = "dbtScheduler.receive("


def script(name: str, document: object) -> bytes:
    """A call that passes a document by name, as a JSON string: browsers parse that faster than a literal."""
    text = msgspec.json.encode(msgspec.json.encode(document).decode()).decode()
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return f'{_CALL}"{name}",{text})\n'.encode()


def digest(scripts: Mapping[str, bytes]) -> str:
    """A name derived from the content of the documents."""
    found = hashlib.blake2b(digest_size=8)
    for name, content in sorted(scripts.items()):
        found.update(f"{name} {len(content)} ".encode() + content)
    return found.hexdigest()
