"""Reads a static site like a browser: the documents in its scripts."""

import json
from pathlib import Path
from typing import Any


def document(folder: Path, name: str) -> Any:
    """A document of a site by its name."""
    data = folder / "data"
    below = data if name == "index" else data / document(folder, "index")["folder"]
    text = (below / f"{name}.js").read_text(encoding="utf-8")
    assert text.startswith("dbtScheduler.receive(")
    assert text.endswith(")\n")
    call = text.removeprefix("dbtScheduler.receive(").removesuffix(")\n")
    said, content = json.loads(f"[{call}]")
    assert said == name
    return json.loads(content)


def documents(folder: Path) -> dict[str, Any]:
    """All documents of a page that is opened now, without the time at which they were written."""
    index = document(folder, "index")
    below = folder / "data" / index["folder"]
    names = [str(path.relative_to(below).with_suffix("")) for path in sorted(below.rglob("*.js"))]
    return {"index": {**index, "generated_at": ""}, **{name: document(folder, name) for name in names}}
