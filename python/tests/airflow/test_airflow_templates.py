"""Text of teams, manifests and the registry is rendered by Airflow exactly as it was written."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import msgspec
import pytest
from airflow.sdk import DAG, BaseOperator
from hypothesis import example, given, settings
from hypothesis import strategies as st

from build import PLATFORM, World, node, tasks
from builders import a_spec, a_task, a_wait
from dbt_scheduler.airflow import build
from dbt_scheduler.airflow.alerts.sending import Destination
from dbt_scheduler.airflow.build import build_dag
from dbt_scheduler.airflow.sensor import AssetSensor
from dbt_scheduler.airflow.sweep import SweepOperator
from dbt_scheduler.kinds import Job, Template, kinds, with_literals
from dbt_scheduler.kinds.places import PlaceSettings, Way, operator_of, places, places_of
from dbt_scheduler.spec import DagSpec

CUSTOM_JOB = "dbt_scheduler.airflow.vertex_ai_operator.VertexAiOperator"
LEAK = "{{ conn.warehouse.password }}"
HOSTILE = (
    LEAK,
    "{{- var.value.secret -}}",
    "{% for c in [].__class__.mro() %}{{ c }}{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{# nothing #}",
    "{{ '{{' }}",
    "{{{ x }}}",
    "{%- raw -%}{{ x }}",
    "## {{ x }}",
    "<%= x %> ${x} $[x] [[ x ]]",
    "{\n{ x }}",
    "ends in a newline\n",
    "a\r\nb\rc\n\n",
    "script.sh",
    "query.sql",
    "job.json",
    "pod.yaml",
    "gs://bucket/{{ x }}.json",
)
hostile = st.sampled_from(HOSTILE) | st.text(alphabet=st.sampled_from("{}%#-+ \r\n'\"\\.shx")) | st.text()


def each_hostile(test: Callable[..., None]) -> Callable[..., None]:
    """Runs a test with each text of the list, and a few random ones: operators differ only in the fields that are rendered.

    How a text becomes a literal and is rendered is one function each; other tests run them with a hundred texts.
    """
    test = settings(max_examples=15)(given(text=hostile)(test))
    for text in HOSTILE:
        test = example(text=text)(test)
    return test


WAYS: dict[str, Way] = {way.operator: way for place in places().values() for way in place.ways.values()}


def stand_in(way: Way) -> type[BaseOperator]:
    """Replaces a provider's operator that is not installed; like those of providers, it reads template files."""

    class StandIn(BaseOperator):
        template_fields = way.template_fields
        template_ext: ClassVar[tuple[str, ...]] = (".sh", ".sql", ".json", ".yaml")

        def __init__(self, **kwargs: Any) -> None:
            own = {
                name: kwargs.pop(name) for name in [*kwargs] if name in (*way.template_fields, "deferrable")
            }
            super().__init__(**kwargs)
            for name in way.template_fields:
                setattr(self, name, own.get(name))
            vars(self).update(own)

    return StandIn


@pytest.fixture(autouse=True, scope="module")
def providers() -> Iterator[None]:
    """The modules of providers that are not installed."""
    with pytest.MonkeyPatch.context() as patched:
        for path, way in WAYS.items():
            module, _, name = path.rpartition(".")
            try:
                import_module(module)
            except ModuleNotFoundError:
                made = ModuleType(module)
                setattr(made, name, stand_in(way))
                patched.setitem(sys.modules, module, made)
        build._operator.cache_clear()
        yield
    build._operator.cache_clear()


class Secrets:
    """Values that a template could read from Airflow: none of ours ever does."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a template asked for a secret: {name}")


def context() -> dict[str, Any]:
    """The context that Airflow passes to templates."""
    moment = datetime(2025, 3, 1, tzinfo=UTC)
    return {
        "conn": Secrets(),
        "var": Secrets(),
        "params": SimpleNamespace(full_refresh=False),
        "data_interval_start": moment,
        "data_interval_end": moment,
    }


def rendered_dag(spec: DagSpec) -> DAG:
    """The DAG of a spec with all tasks as Airflow builds them before it runs them."""
    dag = build_dag(spec, Path(f"/dags/{spec.dag_id}.py"))
    dag.resolve_template_files()
    for task in dag.tasks:
        task.render_template_fields(context())
    return dag


def rendered(operator: str, arguments: dict[str, object]) -> Any:
    """A task with an operator, and arguments as written by the compiler."""
    written = {name: with_literals(value) for name, value in arguments.items()}
    return rendered_dag(a_spec(a_task("a", operator=operator, arguments=written))).get_task("a")


def operator_class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def job(text: str) -> Job:
    """A job with this text in every field that can have one."""
    settings = dict.fromkeys(("project", "region", "machine_type", "anything"), text)
    hooks = {"project_hooks": text, "results_of": (text,)}
    return Job(
        name=text, command=(text, text), cwd=text, env={"X": text}, image=text, settings=settings, **hooks
    )


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)


LISTS, MAPPINGS = ("pull_secrets", "tolerated"), ("kubernetes_secrets", "limits", "node_selector", "offered")
PLACES = [(kind, where) for kind in kinds() for where in places_of(kind)]


@pytest.mark.parametrize(
    "way",
    [way for place in places().values() for way in place.ways.values()],
    ids=lambda way: way.operator.rpartition(".")[2],
)
def test_an_operator_renders_the_fields_that_its_place_declares(way: Way) -> None:
    assert set(operator_class(way.operator).template_fields) == set(way.template_fields)


@pytest.mark.parametrize("path", sorted(WAYS))
@each_hostile
def test_every_template_field_of_every_operator_gives_back_what_was_written(path: str, text: str) -> None:
    fields = operator_class(path).template_fields
    assert fields
    arguments: dict[str, object] = {name: {"deep": [text]} for name in fields}
    if not path.startswith("airflow."):
        lists = {name: [text, text] for name in ("command", "pass_env", "table_check", "results_of", *LISTS)}
        mappings = {name: {"X": text} for name in ("env", "secrets", "labels", *MAPPINGS)}
        arguments = {name: (lists | mappings).get(name, text) for name in fields}
    task = rendered(path, arguments)
    assert {name: getattr(task, name) for name in fields} == arguments


@pytest.mark.parametrize(("kind", "where"), PLACES)
@each_hostile
def test_what_a_team_writes_reaches_its_operator_as_it_was_written(kind: str, where: str, text: str) -> None:
    own = {
        name: {"X": text} if setting.schema["type"] == "object" else text
        for name, setting in places()[where].settings.items()
        if setting.schema["type"] != "number"
    }
    operator = operator_of(kind, job(text), PlaceSettings(where=where, image=text, settings=own))
    assert text in set(texts(operator.arguments))
    task = rendered(operator.path, operator.arguments)
    assert {name: getattr(task, name) for name in operator.arguments} == operator.arguments


@pytest.mark.parametrize("key", ["training", "pipeline_job"])
@given(text=hostile)
def test_what_a_team_writes_of_a_training_or_a_pipeline_is_what_vertex_ai_gets(key: str, text: str) -> None:
    own = {
        "training": {"model": text, "serving_image": text},
        "pipeline_job": {"template": text, "parameters": {"x": [{"y": text}]}},
    }
    made = msgspec.structs.replace(job(text), settings={key: own[key], "output_directory": text})
    operator = operator_of("vertex-ai", made, PlaceSettings(where="vertex-ai"))
    assert [*texts(operator.arguments)].count(text) > len(own)
    task = rendered(operator.path, operator.arguments)
    assert {name: getattr(task, name) for name in operator.arguments} == operator.arguments


@pytest.mark.parametrize(("kind", "where"), PLACES)
def test_an_operator_gets_no_text_that_airflow_would_not_unescape(kind: str, where: str) -> None:
    operator = operator_of(kind, job("text"), PlaceSettings(where=where))
    with_text = {name for name, value in operator.arguments.items() if any(texts(value))}
    assert with_text <= set(operator_class(operator.path).template_fields)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_password_is_not_rendered_into_a_vertex_ai_job(tmp_path: Path, text: str) -> None:
    world = World(tmp_path)
    keys = f"    image: {json.dumps(text)}\n    region: europe-west1\n"
    world.team("shop", text=f"tasks:\n  - kind: vertex-ai\n    name: train\n    pipelines: [daily]\n{keys}")
    spec = world.spec("shop_daily")
    assert tasks(spec)["train"].operator == CUSTOM_JOB
    train: Any = rendered_dag(spec).get_task("train")
    (pool,) = train.custom_job["job_spec"]["worker_pool_specs"]
    assert pool["container_spec"]["image_uri"] == text


def test_no_value_of_platform_yaml_is_a_template(tmp_path: Path) -> None:
    keys = ("command", "target", "profiles_dir", "target_path", "log_path")
    dbt = "".join(f"  {key}: {json.dumps(LEAK)}\n" for key in keys)
    kind = f"region: europe-west1, image: {json.dumps(LEAK)}"
    world = World(tmp_path, f"{PLATFORM}dbt:\n{dbt}kinds:\n  vertex-ai: {{{kind}}}\n")
    declared = "tasks: [{kind: vertex-ai, name: train, pipelines: [daily]}]"
    world.team("shop", node("orders", pipelines=["daily"]), text=declared)
    dag = rendered_dag(world.spec("shop_daily"))
    dbt_task: Any = dag.get_task("marts.orders")
    assert dbt_task.command[0] == LEAK
    assert {LEAK + "/shop"} == {dbt_task.env["DBT_TARGET_PATH"], dbt_task.env["DBT_LOG_PATH"]}
    assert dbt_task.command[-4:] == ["--target", LEAK, "--profiles-dir", LEAK]
    train: Any = dag.get_task("train")
    assert list(texts(train.custom_job)).count(LEAK) == 1


def test_our_own_templates_are_rendered(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.team("shop", node("orders", pipelines=["daily"]))
    task: Any = rendered_dag(world.spec("shop_daily")).get_task("marts.orders")
    assert task.env == {
        "DBT_FULL_REFRESH": "false",
        "DBT_SCHEDULER_DATA_INTERVAL_START": "2025-03-01T00:00:00+00:00",
        "DBT_SCHEDULER_DATA_INTERVAL_END": "2025-03-01T00:00:00+00:00",
    }


def test_a_text_made_from_a_template_is_a_literal() -> None:
    assert with_literals(f"x{Template('{{ params }}')}") == "x{{ '{{' }} params }}"


def test_a_sensor_renders_nothing() -> None:
    assert not list(AssetSensor.template_fields)
    assert not list(AssetSensor.template_ext)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_sweep_keeps_the_registrys_url_as_it_is(text: str) -> None:
    with DAG("sweep", schedule=None):
        sweep = SweepOperator(
            task_id="sweep",
            airflow_connection=text,
            registry_url=text,
            registry=text,
            transport=Destination("log", text, None),
        )
    assert sweep.template_fields == ("registry",)
    assert not list(sweep.template_ext)
    sweep.render_template_fields(context())
    assert sweep.registry == text


@given(text=hostile)
def test_another_teams_task_id_is_no_template_of_its_consumers_sensor(text: str) -> None:
    wait = a_wait("dim", task_id=f"x{text}", team=text)
    dag = rendered_dag(a_spec(a_task("a"), sensors=(wait,)))
    sensor: Any = dag.get_task(wait.task_id)
    assert sensor.external_task_id == f"x{text}"
    sensor.external_dag_id, sensor.external_task_id = text, text  # as if the registry contained it
    sensor.render_template_fields(context())
    assert (sensor.external_dag_id, sensor.external_task_id) == (text, text)
