"""The dbt package with the registry: for any text, dbt's Jinja returns exactly the same JSON."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from build import World, node
from dbt_scheduler.findings.printable import one_line
from dbt_scheduler.registry.dbt_package import write_dbt_package
from dbt_scheduler.registry.entry import AssetPipeline, Contact, Entry, Produced
from dbt_scheduler.registry.store import RegistryContents
from registry_package import rendered

NASTY = st.text(alphabet=st.sampled_from("{}%#-\"'\\\n\r\u2028 aé<")) | st.text()


def produced(*, exposed: bool, latest_of: str | None = None) -> Produced:
    return Produced(
        dag_prefix="x",
        task_group=None,
        task_id="x",
        pipeline="daily",
        slo_seconds=None,
        pipelines={"daily": AssetPipeline(slo_seconds=None, exposed=exposed)},
        exposed=exposed,
        relation=None,
        columns={},
        latest_of=latest_of,
    )


def entry(channel: str | None = None, **assets: Produced) -> Entry:
    return Entry(dag_prefix="x", contact=Contact(channel), pipelines={}, produced=assets, consumed={})


def test_the_text(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=["daily"]), text='alerting: {channel: "#shop"}')
    teams = {
        "shop": world.look().entry,
        "shipping": entry(a=produced(exposed=True), dim_v2=produced(exposed=False, latest_of="dim")),
    }
    write_dbt_package(tmp_path / "package", RegistryContents(teams, ()), ["hourly", "daily"], "shop")
    assert rendered(tmp_path / "package") == {
        "format_version": 1,
        "team": "shop",
        "pipelines": ["daily", "hourly"],
        "teams": {
            "shipping": {"channel": None, "project": None},
            "shop": {"channel": "#shop", "project": "shop"},
        },
        "assets": {
            "a": [{"exposed": True, "team": "shipping"}, {"exposed": False, "team": "shop"}],
            "dim": [{"exposed": False, "team": "shipping"}],
            "dim_v2": [{"exposed": False, "team": "shipping"}],
        },
        "retired": {},
        "unreadable": [],
    }
    assert (tmp_path / "package" / "dbt_project.yml").read_text().startswith("name: dbt_scheduler_registry\n")


def test_nothing_known_yet(tmp_path):
    write_dbt_package(tmp_path, RegistryContents({}, ()), [], None)
    assert rendered(tmp_path) == {
        "format_version": 1,
        "team": None,
        "pipelines": [],
        "teams": {},
        "assets": {},
        "retired": {},
        "unreadable": [],
    }


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(NASTY, NASTY, max_size=3), NASTY, NASTY)
def test_hostile_text_comes_back_as_it_was_and_on_one_line(tmp_path_factory, channels, asset, team):
    folder = tmp_path_factory.mktemp("snapshot")
    teams = {name: entry(channel) for name, channel in channels.items()}
    teams[team] = msgspec.structs.replace(entry(team), produced={asset: produced(exposed=True)})
    write_dbt_package(folder, RegistryContents(teams, ()), [asset], team)
    found = rendered(folder)
    assert found["team"] == team
    assert found["pipelines"] == [asset]
    assert found["assets"] == {one_line(asset): [{"exposed": True, "team": team}]}
    assert found["teams"] == {
        name: {"channel": channel and one_line(channel), "project": None}
        for name, each in teams.items()
        for channel in (each.contact.channel,)
    }
