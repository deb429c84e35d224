"""What must hold for every kind and every place, including new ones."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from packaging.requirements import Requirement

import dbt_scheduler
from dbt_scheduler.config.platform import DEFAULT_PLATFORM
from dbt_scheduler.config.schema.validation import load_schema, validate
from dbt_scheduler.kinds import Job, Template, kinds
from dbt_scheduler.kinds import places as folder
from dbt_scheduler.kinds.places import (
    ANY_KIND,
    QUEUEING,
    PlaceSettings,
    operator_of,
    operators,
    overrides_of,
    places,
    places_of,
    settings_of,
)

EVERYWHERE = [(kind, where) for kind in kinds() for where in places_of(kind)]
DECLARED = [name for name, kind in kinds().items() if kind.declared]
SOURCE = Path(dbt_scheduler.__file__).parent
CACHED = (places, places_of, settings_of, operators)
PLATFORM: dict[str, Any] = load_schema("platform")["properties"]
A_JOB = Job(name="t", command=("x",), cwd=".", env={"A": "b"}, image="i:1", table_check=("y",))

MOON = """
from dbt_scheduler.kinds.places import Place, Setting, Way

PLUGIN = Place(
    description="a rover",
    requirement="apache-airflow-providers-moon",
    ways={
        "universal": Way(
            operator="airflow.providers.moon.operators.RoverOperator",
            template_fields=("image", "cmds"),
            arguments=lambda job, settings: {"image": job.image, "cmds": [*job.command]},
        )
    },
    settings={"crater": Setting(description="the crater", schema={"type": "string"}, example="Tycho")},
)
"""


def blocks() -> dict[str, dict[str, Any]]:
    """The schema of each kind's block in platform.yaml."""
    return {"dbt": PLATFORM["dbt"], **PLATFORM["kinds"]["properties"]}


@pytest.mark.parametrize(("kind", "where"), EVERYWHERE)
def test_a_place_makes_json_for_an_operator_that_airflow_may_load(kind: str, where: str) -> None:
    made = operator_of(kind, A_JOB, PlaceSettings(where=where))
    assert json.loads(json.dumps(made.arguments)) == made.arguments
    assert made.path in operators()


@pytest.mark.parametrize(("kind", "where"), EVERYWHERE)
def test_what_airflow_shall_render_of_a_job_reaches_the_operator_as_a_template(kind: str, where: str) -> None:
    """Text that is made from a template is a literal: the task would get the braces."""
    job = msgspec.structs.replace(A_JOB, env={"A": Template("{{ ds }}"), "B": "b"})
    made = operator_of(kind, job, PlaceSettings(where=where))
    templates = [text for text in texts(made.arguments) if isinstance(text, Template)]
    assert ["{{ ds }}" in text for text in templates] == [True]


@pytest.mark.parametrize("where", places_of("dbt"))
@pytest.mark.parametrize(
    "field",
    [
        {"table_check": ("z",)},
        {"project_hooks": "on-run-end"},
        {"keep_results": True},
        {"results_of": ("before",)},
    ],
    ids=lambda field: next(iter(field)),
)
def test_a_place_of_dbt_passes_on_every_field_of_a_dbt_job(where: str, field: dict[str, Any]) -> None:
    """Including a place that runs any kind."""
    settings = PlaceSettings(where=where)
    with_field = msgspec.structs.replace(A_JOB, **field)
    assert operator_of("dbt", with_field, settings) != operator_of("dbt", A_JOB, settings)


def texts(value: object) -> Iterator[str]:
    """All strings in an operator's arguments."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


@pytest.mark.parametrize("kind", kinds())
def test_a_kind_runs_in_its_own_place(kind: str) -> None:
    assert next(iter(places_of(kind))) == kinds()[kind].where


@pytest.mark.parametrize("where", places())
def test_a_place_names_kinds_that_there_are(where: str) -> None:
    assert set(places()[where].ways) <= {*kinds(), ANY_KIND}


@pytest.mark.parametrize("where", places())
def test_what_a_place_needs_can_be_installed_where_its_operator_is_not_ours(where: str) -> None:
    place = places()[where]
    ours = all(is_ours(way.operator) for way in place.ways.values())
    assert (place.requirement is None) == ours
    assert ours or Requirement(place.requirement).name


def is_ours(operator: str) -> bool:
    """Whether an operator requires only Airflow: it does not derive from a provider's."""
    package, *folders, module, _ = operator.split(".")
    source = SOURCE.joinpath(*folders, f"{module}.py")
    return package == SOURCE.name and "airflow.providers." not in source.read_text()


@pytest.mark.parametrize("kind", kinds())
def test_two_places_of_a_kind_that_have_a_setting_of_one_name_have_the_same_one(kind: str) -> None:
    settings = [each for place in places_of(kind).values() for each in place.settings.items()]
    assert all(each is settings_of(kind)[name] for name, each in settings)
    assert not settings_of(kind).keys() & {"where", "image", *QUEUEING, "environment", "overrides"}


@pytest.mark.parametrize("kind", kinds())
def test_the_schema_has_the_places_and_the_settings_of_a_kind(kind: str) -> None:
    keys = blocks()[kind]["properties"]
    assert keys["where"]["enum"] == [*places_of(kind)]
    assert set(settings_of(kind)) <= set(keys)
    assert keys["overrides"]["items"]["enum"] == [*overrides_of(kind)]


def test_a_team_may_set_what_the_platform_may_let_it_for_its_dbt() -> None:
    keys = load_schema("scheduler")["properties"]["dbt_settings"]["properties"]
    node = load_schema("meta_scheduler")["properties"]
    assert set(overrides_of("dbt")) <= {*keys, *node}
    assert set(overrides_of("dbt")) - {"image"} <= set(node)


@pytest.mark.parametrize("kind", DECLARED)
def test_the_default_platform_says_where_a_kind_runs(kind: str) -> None:
    block = yaml.safe_load(DEFAULT_PLATFORM.read_text())["kinds"][kind]
    assert block == {
        "where": kinds()[kind].where,
        "image": None,
        "pool": kinds()[kind].pool,
        "queue": None,
        "priority": None,
        "environment": {"pass": []},
        **{name: each.default for name, each in settings_of(kind).items()},
        "overrides": None,
    }


@pytest.mark.parametrize("kind", DECLARED)
def test_a_task_takes_the_settings_of_its_kind_and_no_others(kind: str) -> None:
    every = {name: each.example for one in DECLARED for name, each in settings_of(one).items()}
    own = {name for name, each in settings_of(kind).items() if each.by_task}
    required = dict.fromkeys([*kinds()[kind].required][:1], "x")
    task = {"kind": kind, "name": "t", **required, **every}
    problems = {each.path[-1] for each in validate("scheduler", {"version": 0.17, "tasks": [task]})}
    assert problems == set(every) - own


@pytest.mark.parametrize("kind", DECLARED)
def test_a_task_may_say_the_keys_of_its_kind_and_no_platform_may(kind: str) -> None:
    every = {name: each.example for one in DECLARED for name, each in kinds()[one].keys.items()}
    required = dict.fromkeys([*kinds()[kind].required][:1], "x")
    task = {"kind": kind, "name": "t", **required, **every}
    problems = {each.path[-1] for each in validate("scheduler", {"version": 0.17, "tasks": [task]})}
    assert problems == set(every) - set(kinds()[kind].keys)
    assert not {*every} & {*blocks()[kind]["properties"]}


@pytest.mark.parametrize("kind", DECLARED)
def test_a_task_lacks_what_its_kind_requires(kind: str) -> None:
    document = {"version": 0.17, "tasks": [{"kind": kind, "name": "t"}]}
    assert bool(validate("scheduler", document)) == bool(kinds()[kind].required)


@pytest.fixture
def moon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A new file in the folder of places."""
    (tmp_path / "moon.py").write_text(MOON)
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    for cached in CACHED:
        cached.cache_clear()
    yield
    for cached in CACHED:
        cached.cache_clear()


@pytest.mark.usefixtures("moon")
def test_airflow_builds_the_operator_of_a_place_that_is_one_new_file() -> None:
    assert "moon" in places_of("universal")
    assert "crater" in settings_of("universal")
    made = operator_of("universal", A_JOB, PlaceSettings(where="moon"))
    assert operators()[made.path] == "apache-airflow-providers-moon"
