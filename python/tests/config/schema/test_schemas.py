"""The schemas: valid, documented, with valid examples, and in sync with the types."""

from typing import Any

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

from dbt_scheduler import spec
from dbt_scheduler.changes import breaking, state_diff
from dbt_scheduler.config import types
from dbt_scheduler.config.platform import DEFAULT_PLATFORM
from dbt_scheduler.config.schema.validation import load_schema, validate
from dbt_scheduler.kinds import kinds
from dbt_scheduler.kinds.places import QUEUEING, places
from dbt_scheduler.project.node_settings import NodeSettings
from dbt_scheduler.registry import entry
from dbt_scheduler.report import build
from schemas import documented

NAMES = ("scheduler", "platform", "external_assets", "registry", "report")


@pytest.mark.parametrize("name", NAMES)
def test_valid_and_documented(name):
    Draft202012Validator.check_schema(load_schema(name))
    for path, node in documented(load_schema(name)):
        trivial = set(node) <= {"type", "$ref"}
        assert trivial or node.get("description"), f"{name}{path} has no description"
        assert trivial or node.get("examples"), f"{name}{path} has no examples"


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_hold(name):
    for path, node in documented(load_schema(name)):
        rules = {"$defs": load_schema(name)["$defs"], **node}
        for example in node.get("examples", ()):
            assert list(Draft202012Validator(rules).iter_errors(example)) == [], f"{name}{path}"


@pytest.mark.parametrize("name", ["scheduler", "platform", "external_assets"])
def test_unknown_keys_are_refused_where_people_write(name):
    for path, node in documented(load_schema(name)):
        if "properties" in node:
            assert node["additionalProperties"] is False, f"{name}{path}"


@pytest.mark.parametrize("name", NAMES)
def test_what_a_definition_limits_is_not_limited_beside_it_too(name):
    """A value that exceeds both would be reported twice."""
    definitions = load_schema(name)["$defs"]
    for path, node in documented(load_schema(name)):
        defined = definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else {}
        twice = node.keys() & defined.keys() - {"$ref", "description", "examples", "default"}
        assert not twice, f"{name}{path}"


def properties(name: str, *path: str) -> dict[str, Any]:
    node = load_schema(name)
    for step in path:
        node = node[step]
    return node["properties"]


def in_yaml(struct: type[msgspec.Struct]) -> set[str]:
    """A type's keys in a file: durations without their unit, no line numbers."""
    return {field.removesuffix("_seconds") for field in struct.__struct_fields__} - {"line", "settings"}


OF_PLACES = {name for place in places().values() for name in place.settings}
OF_KINDS = {name for kind in kinds().values() for name in kind.keys}


@pytest.mark.parametrize(
    ("struct", "keys"),
    [
        (types.TeamConfig, set(properties("scheduler")) - {"version"}),
        (types.Alerting, set(properties("scheduler", "properties", "alerting"))),
        (
            types.DbtSettings,
            set(properties("scheduler", "properties", "dbt_settings")) - OF_PLACES,
        ),
        (
            types.TaskConfig,
            set(properties("scheduler", "$defs", "task")) - OF_PLACES - OF_KINDS,
        ),
        (types.ExposedAssets, set(properties("scheduler", "properties", "exposed_assets", "items"))),
        (
            types.AcknowledgedChange,
            set(properties("scheduler", "properties", "acknowledged_changes", "items")),
        ),
        (types.Ignore, set(properties("scheduler", "properties", "ignore", "items"))),
        (NodeSettings, set(properties("meta_scheduler")) - OF_PLACES),
        (types.Defaults, set(properties("platform", "properties", "defaults"))),
        (
            types.DbtConfig,
            set(properties("platform", "properties", "dbt"))
            - {"where", "image", *QUEUEING, "environment", "overrides"}
            - OF_PLACES,
        ),
        (types.PlatformAlerting, set(properties("platform", "properties", "alerting"))),
    ],
)
def test_the_files_of_people_have_the_keys_of_the_types(struct, keys):
    assert in_yaml(struct) == keys


REGISTRY = {
    "entry": entry.Entry,
    "acknowledged": entry.Acknowledged,
    "schedule": spec.Schedule,
    "produced": entry.Produced,
    "relation": entry.Relation,
    "consumed": entry.Consumed,
}


@pytest.mark.parametrize("name", REGISTRY)
def test_the_registry_has_the_keys_of_the_types(name):
    node, struct = load_schema("registry")["$defs"][name], REGISTRY[name]
    fields = msgspec.structs.fields(struct)
    assert set(node["properties"]) == {field.name for field in fields}
    omits = struct.__struct_config__.omit_defaults
    omitted = {f.name for f in fields if f.default is msgspec.UNSET or (omits and not f.required)}
    assert set(node["required"]) == {field.name for field in fields} - omitted


REPORT = {
    "report": build.Report,
    "asset": build.ChangedAsset,
    "change": build.ReportedChange,
    "consumer": build.Consumer,
    "party": build.TeamContact,
    "acknowledged": entry.Acknowledged,
    "state": state_diff.StateDiff,
    "count": state_diff.Count,
    "dag": state_diff.DagDiff,
    "item": state_diff.Item,
}


@pytest.mark.parametrize("name", REPORT)
def test_the_report_has_the_keys_of_the_types(name):
    node = load_schema("report")["$defs"][name]
    assert set(node["properties"]) == set(node["required"]) == set(REPORT[name].__struct_fields__)


def test_the_report_has_the_kinds_and_signs_of_the_types():
    defs = load_schema("report")["$defs"]
    assert defs["change"]["properties"]["kind"]["enum"] == [*breaking.ChangeKind]
    assert defs["item"]["properties"]["sign"]["enum"] == [*state_diff.Sign]


def test_the_registry_has_the_keys_of_the_nested_types():
    defs = load_schema("registry")["$defs"]
    contact = defs["entry"]["properties"]["contact"]["properties"]
    made_in = defs["produced"]["properties"]["pipelines"]["additionalProperties"]["properties"]
    assert set(contact) == set(entry.Contact.__struct_fields__)
    assert set(made_in) == set(entry.AssetPipeline.__struct_fields__)


def test_an_entry_is_of_its_schema_and_back():
    (example,) = load_schema("registry")["examples"]
    entries = msgspec.convert(example, dict[str, entry.Entry])
    written = msgspec.json.decode(msgspec.json.encode(entries))
    assert written == example
    assert validate("registry", written) == ()


def test_a_pipeline_has_the_keys_of_a_schedule():
    keys = set(load_schema("platform")["properties"]["pipelines"]["additionalProperties"]["properties"])
    assert keys == {*spec.Schedule.__struct_fields__, "catchup", "max_active_runs"}


def test_the_default_platform_names_every_key():
    default = yaml.safe_load(DEFAULT_PLATFORM.read_text())
    assert set(default) == set(properties("platform"))
    for block in ("defaults", "dbt", "alerting", "registry", "airflow", "kinds"):
        assert set(default[block]) == set(properties("platform", "properties", block))
    for kind in default["kinds"]:
        assert set(default["kinds"][kind]) == set(
            properties("platform", "properties", "kinds", "properties", kind)
        )
    for pipeline in default["pipelines"].values():
        assert set(pipeline) == {*spec.Schedule.__struct_fields__, "catchup", "max_active_runs"}
