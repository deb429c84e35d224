"""The assets upstream of an asset, from untrusted entries."""

import pytest
from msgspec.structs import replace

from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.registry.encoding import decode_entry, encode_entry
from dbt_scheduler.registry.entry import AssetPipeline, Consumed, Contact, Entry, Produced
from dbt_scheduler.registry.upstream import find_cycles_behind
from dbt_scheduler.spec import Schedule


def tangled(size: int) -> Entry:
    """An entry of a team in which every asset waits for every asset."""
    names = [f"a{number}" for number in range(size)]
    sensors = {name: f"wait_for__hard_dependencies.{name}" for name in names}
    made = Produced(
        dag_prefix="evil",
        task_group=None,
        task_id="a",
        pipeline="daily",
        slo_seconds=1,
        pipelines={"daily": AssetPipeline(slo_seconds=1, exposed=True, waits=tuple(sensors.values()))},
        exposed=True,
        relation=None,
        columns={},
    )
    consumed = {
        name: (
            Consumed(
                pipeline="daily",
                producer_pipeline="daily",
                task_group=None,
                task_id="a",
                sensor_task_id=sensor,
                dependency="hard",
            ),
        )
        for name, sensor in sensors.items()
    }
    return Entry(
        dag_prefix="evil",
        contact=Contact(),
        pipelines={"daily": Schedule("10 0 * * *")},
        produced=dict.fromkeys(names, made),
        consumed={"evil": consumed},
    )


def test_an_entry_full_of_cycles_is_processed_fast():
    assert len(list(find_cycles_behind({"evil": tangled(3)}, ["evil"]))) == 6
    assert len(list(find_cycles_behind({"evil": tangled(60)}, ["evil"]))) == 20


def test_of_very_many_waits_only_one_cycle_is_searched():
    """Searching for another one would cost as much again."""
    assert len(list(find_cycles_behind({"evil": tangled(450)}, ["evil"]))) == 1


def each_of_each(size: int) -> bytes:
    """The document of a team with one task that produces this number of assets from as many."""
    entry = tangled(size)
    promise = {"daily": AssetPipeline(slo_seconds=1, exposed=True)}
    made = {name: replace(each, pipelines=promise) for name, each in entry.produced.items()}
    return encode_entry("evil", replace(entry, produced=made))


def test_a_task_that_makes_very_many_assets_of_very_many_is_refused():
    """The lineage has an edge from each to each."""
    assert len(decode_entry("evil", each_of_each(1000)).produced) == 1000
    with pytest.raises(RegistryUnreadableError, match="its lineage has more than 1,000,000 edges"):
        decode_entry("evil", each_of_each(1001))
