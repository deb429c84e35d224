"""Reads a static site as a browser does: the documents that its scripts hand over."""

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
    """All that a page which is opened now finds, but for the moment at which it was written."""
    index = document(folder, "index")
    below = folder / "data" / index["folder"]
    names = [str(path.relative_to(below).with_suffix("")) for path in sorted(below.rglob("*.js"))]
    return {"index": {**index, "generated_at": ""}, **{name: document(folder, name) for name in names}}
