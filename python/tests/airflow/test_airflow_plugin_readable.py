"""The part of the registry that a user with permission for only some DAGs can see."""

import pytest
from msgspec.structs import replace

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_plugin import readable
from dbt_scheduler.airflow_plugin.readable import readable_entries
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import Acknowledged, Entry
from dbt_scheduler.site.catalogue import Catalogue
from dbt_scheduler.site.edges import make_edges
from dbt_scheduler.site.teams import make_team
from dbt_scheduler.waits.wait import registered_waits

OWN = {"playground_daily"}


def reader() -> Entry:
    """``playground`` reads shipping's dim once a day, from the daily pipeline if there is one."""
    wait = "wait_for__hard_dependencies.dim"
    return a_wait_entry(a_spec(a_task("marts.mine", upstream=(wait,)), sensors=(a_wait("dim"),)))


def a_producer() -> Entry:
    entry = an_entry("dim", "daily", "hourly")
    made = replace(entry.produced["dim"], held_up_by={"daily": "secret", "hourly": "slow"})
    secret = replace(an_entry("secret", "daily").produced["secret"])
    changes = tuple(Acknowledged(asset, "is gone", "we know") for asset in ("dim", "secret", "gone"))
    return replace(entry, produced={"dim": made, "secret": secret}, acknowledged_changes=changes)


def test_a_pipeline_that_is_not_readable_is_nowhere() -> None:
    shown = readable_entries({"shipping": a_producer(), "playground": reader()}, {*OWN, "shipping_hourly"})
    entry = shown["shipping"]
    assert list(entry.pipelines) == ["hourly"]
    assert list(entry.produced) == ["dim"]
    assert entry.produced["dim"].pipeline == "hourly"
    assert entry.produced["dim"].held_up_by == {"hourly": "slow"}
    assert entry.acknowledged_changes == ()
    assert "secret" not in str(shown)
    assert "daily" not in str(shown["shipping"].produced)


def test_a_read_of_a_hidden_pipeline_is_not_taken_for_one_of_the_pipeline_that_is_shown() -> None:
    entries = {"shipping": a_producer(), "playground": reader()}
    shown = readable_entries(entries, {*OWN, "shipping_hourly"})
    assert registered_waits(shown) == ()
    catalogue = Catalogue(Directory(shown))
    assert make_edges(catalogue).from_ == []
    assert make_team(catalogue, "shipping").assets["dim"].consumers == ()

    (wait,) = registered_waits(readable_entries(entries, {*OWN, "shipping_daily"}))
    assert wait.producer.dag_id == "shipping_daily"


def test_a_user_who_can_see_all_of_a_team_sees_its_whole_entry() -> None:
    entries = {"shipping": a_producer(), "playground": reader()}
    assert readable_entries(entries, {*OWN, "shipping_daily", "shipping_hourly"}) == entries


def test_an_external_team_is_not_shown_for_a_generated_dag_of_the_same_name() -> None:
    erp = an_entry("orders", "daily", team="erp", dag_id="nightly_load")
    assert readable_entries({"erp": erp}, {"erp_daily"}) == {}
    assert readable_entries({"erp": erp}, {"nightly_load"}) == {"erp": erp}


def test_the_producer_of_an_asset_is_found_once_for_all_readers_of_a_pipeline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = reader()
    (one,) = entry.consumed["shipping"]["dim"]
    readers = tuple(replace(one, task_id=f"mine{number}") for number in range(100))
    entries = {
        "shipping": a_producer(),
        "playground": replace(entry, consumed={"shipping": {"dim": readers}}),
    }
    found, producer_of = [], readable.producer_of

    def counted(*args: object, **words: object) -> object:
        found.append(args)
        return producer_of(*args, **words)

    monkeypatch.setattr(readable, "producer_of", counted)
    shown = readable_entries(entries, {*OWN, "shipping_daily"})
    assert shown["playground"].consumed["shipping"]["dim"] == readers
    assert len(found) == 1
