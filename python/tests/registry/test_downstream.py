"""The readers of an asset, and the teams that depend on it through them."""

from collections.abc import ItemsView

import msgspec

from build import World, node, source
from dbt_scheduler.changes.descendants import DagDescendants
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.downstream import Downstream
from dbt_scheduler.registry.entry import (
    AssetKey,
    AssetPipeline,
    Consumed,
    Contact,
    Entry,
    Produced,
    find_produced,
)

HARD = "wait_for__hard_dependencies"


def made(asset: str, *waits: str, pipelines=("daily",)) -> Produced:
    promises = {
        name: AssetPipeline(slo_seconds=None, exposed=True, waits=tuple(f"{HARD}.{wait}" for wait in waits))
        for name in pipelines
    }
    return Produced(
        dag_prefix="x",
        task_group=None,
        task_id=asset,
        pipeline=pipelines[0],
        slo_seconds=None,
        pipelines=promises,
        exposed=True,
        relation=None,
        columns={},
    )


def reads(
    asset: str, task: str, *, wait: bool = True, pipeline: str = "daily", of: str = "daily"
) -> Consumed:
    return Consumed(
        pipeline=pipeline,
        producer_pipeline=of,
        task_group=None,
        task_id=task,
        sensor_task_id=f"{HARD}.{asset}" if wait else None,
        dependency="hard" if wait else "no_wait",
    )


def entry(*produced: Produced, **consumed: dict[str, tuple[Consumed, ...]]) -> Entry:
    return Entry(
        dag_prefix="x",
        contact=Contact(),
        pipelines={},
        produced={each.task_id: each for each in produced},
        consumed=consumed,
    )


def readers(**entries: Entry) -> Downstream:
    return Downstream(Directory(entries))


A = AssetKey("a", "one")


def test_readers_are_the_other_teams():
    found = readers(
        a=entry(made("one"), made("two", "one"), a={"one": (reads("one", "two"),)}),
        b=entry(made("three"), a={"one": (reads("one", "three"), reads("one", "four"))}),
    )
    (reader,) = found.other_teams(A)
    assert (reader.team, [task.task_id for task in reader.tasks]) == ("b", ["three", "four"])
    assert found.other_teams(AssetKey("a", "two")) == ()


def test_a_reader_that_knows_an_earlier_name_is_one():
    latest = msgspec.structs.replace(made("one_v1"), latest_of="one")
    found = readers(
        a=entry(latest),
        b=entry(made("two", "one"), a={"one": (reads("one", "two"),)}),
        c=entry(b={"two": (reads("two", "x"),)}),
    )
    assert [reader.team for reader in found.other_teams(AssetKey("a", "one_v1"))] == ["b"]
    assert found.indirect_teams(AssetKey("a", "one_v1")) == ("c",)


def test_what_a_reader_makes_reaches_further():
    found = readers(
        a=entry(made("one")),
        b=entry(made("two", "one"), made("other"), a={"one": (reads("one", "two"),)}),
        c=entry(made("three", "two"), b={"two": (reads("two", "three"),)}),
        d=entry(made("four"), b={"other": (reads("other", "four"),)}),
        e=entry(c={"three": (reads("three", "five"),)}),
    )
    assert found.indirect_teams(A) == ("c", "e")


def test_through_its_own_other_pipelines_too():
    found = readers(
        a=entry(made("one"), made("two", "one"), a={"one": (reads("one", "two"),)}),
        b=entry(a={"two": (reads("two", "x"),)}),
    )
    assert found.indirect_teams(A) == ("b",)


def test_only_the_pipeline_that_reads_it():
    found = readers(
        a=entry(made("one")),
        b=entry(
            Produced(
                **{
                    **{name: getattr(made("two", "one"), name) for name in Produced.__struct_fields__},
                    "pipelines": {
                        "daily": AssetPipeline(slo_seconds=None, exposed=True, waits=(f"{HARD}.one",)),
                        "hourly": AssetPipeline(slo_seconds=None, exposed=True),
                    },
                }
            ),
            a={"one": (reads("one", "two"),)},
        ),
        c=entry(b={"two": (reads("two", "x", of="hourly"),)}),
        d=entry(b={"two": (reads("two", "x", of="daily"),)}),
    )
    assert found.indirect_teams(A) == ("d",)


def test_a_read_without_a_wait_counts_by_its_task():
    found = readers(
        a=entry(made("one")),
        b=entry(made("two"), a={"one": (reads("one", "two", wait=False),)}),
        c=entry(b={"two": (reads("two", "x"),)}),
    )
    assert found.indirect_teams(A) == ("c",)


def test_cycles_end_and_a_removed_asset_is_known_from_its_readers():
    found = readers(
        a=entry(made("three", "two"), b={"two": (reads("two", "three"),)}),
        b=entry(
            made("two", "one", "three"), a={"one": (reads("one", "two"),), "three": (reads("three", "two"),)}
        ),
        c=entry(b={"two": (reads("two", "x"),)}),
    )
    assert found.indirect_teams(A) == ("c",)


def test_what_a_dag_makes_of_one_of_two_tables_of_a_task(tmp_path):
    world = World(tmp_path)
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [one, two]}]"
    items = (source("raw.one"), source("raw.two"))
    items += (node("a", "raw.one", pipelines=["daily"]), node("b", "raw.two", pipelines=["daily"]))
    world.team("shop", *items, node("c", "a", pipelines=["daily"]), text=text)
    downstream = DagDescendants(world.specs().values())
    assert [str(each) for each in downstream.of(AssetKey("shop", "one"))] == [
        "shop.a (daily)",
        "shop.c (daily)",
    ]


def test_very_many_tasks_downstream_of_one_sensor_are_processed_fast():
    """Assets upstream of the sensor are visited once, not once per task."""
    names = [f"a{number}" for number in range(20_000)]
    tasks = tuple(reads("one", name) for name in names)
    behind = readers(
        a=entry(made("one")),
        evil=entry(*(made(name, "one") for name in names), a={"one": tasks}),
        end=entry(evil={"a7": (reads("a7", "t"),)}),
    )
    assert behind.indirect_teams(A) == ("end",)


class Walked(dict[str, Produced]):
    """Assets that count how often they are iterated."""

    times = 0

    def items(self) -> ItemsView[str, Produced]:
        self.times += 1
        return super().items()


def test_the_assets_of_a_team_are_walked_once_however_many_others_read_by_names_that_it_does_not_have():
    walked = Walked(one=made("one"), two_v2=msgspec.structs.replace(made("two_v2"), latest_of="two"))
    team = msgspec.structs.replace(entry(), produced=walked)
    found = [find_produced(team, name) for name in ("gone", "two", "lost", "two_v2", "one")]
    assert [each and each[0] for each in found] == [None, "two_v2", None, "two_v2", "one"]
    assert walked.times == 1
