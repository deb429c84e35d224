"""Files of earlier releases can still be read: deployed specs, and published entries."""

from pathlib import Path

import pytest

from command import run
from dbt_scheduler.registry.encoding import decode_entry
from dbt_scheduler.schedule import unusable_schedule
from dbt_scheduler.spec import read_spec
from goldens import INTEGRATION

EARLIER = sorted((INTEGRATION / "earlier").iterdir())
NOW = INTEGRATION / "expected"


def files(kind: str) -> list[Path]:
    return [path for release in EARLIER for path in sorted((release / kind).glob("*.json"))]


@pytest.mark.parametrize("path", files("dags"), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_spec_of_an_earlier_release_is_read(path: Path) -> None:
    spec = read_spec(path)
    assert not unusable_schedule(spec)
    assert spec.tasks


@pytest.mark.parametrize("path", files("registry"), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_an_entry_of_an_earlier_release_is_read(path: Path) -> None:
    entry = decode_entry(path.stem, path.read_bytes())
    assert entry.produced
    assert entry.pipelines


@pytest.mark.parametrize("release", EARLIER, ids=lambda path: path.name)
def test_a_new_release_alone_breaks_no_assets(release: Path) -> None:
    said = run("report", str(release), str(NOW), code=0).stdout
    assert "Breaking" not in said
