"""Random files and command lines: no traceback, no hang, nothing half-written."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from build import PLATFORM, World, data_test, function, manifest, node, seed, source
from dbt_scheduler.spec import SpecError, read_spec
from fuzzing import WORDS, call, fuzzed, spoiled, whole

GLOBAL = "models/global_assets/g.yml"
ITEMS = (
    source("raw.events"),
    source("raw.filled"),
    source("shipping.fct", file=GLOBAL),
    seed("codes", pipelines=["daily"]),
    function("in_euro", pipelines=["daily"]),
    node("a", "raw.events", "seed.shop.codes", pipelines=["hourly"], owners=["@a"], retries=2),
    node("b", "a", "shipping.fct", pipelines=["daily"], dependencies={"fct": "soft"}, timeout={"minutes": 5}),
    node("dim_c", "b", "raw.filled", pipelines=["daily"], group="dims", version=2, latest_version=2),
    data_test("t", "a", "b"),
)
SCHEDULER = {
    "version": 0.17,
    "team": "shop",
    "dag_prefix": "shop",
    "tags": ["finance"],
    "alerting": {"channel": "#shop", "tag": ["@amazing.person"]},
    "dbt_settings": {"enabled": True, "on_run_start": ["stage"], "tests": "build"},
    "tasks": [
        {
            "kind": "universal",
            "name": "load",
            "group": "loads",
            "pipelines": ["daily"],
            "conditions": ["b", "raw.events"],
            "assets": ["filled"],
            "timeout": {"minutes": 30},
            "command": "python -m x",
        },
        {
            "kind": "vertex-ai",
            "name": "train",
            "conditions": ["b"],
            "image": "x:1",
            "region": "europe-west1",
            "pipelines": ["daily"],
            "output_directory": "gs://bucket/made",
            "training": {"model": "m", "serving_image": "s:1"},
        },
        {
            "kind": "vertex-ai",
            "name": "score",
            "region": "europe-west1",
            "pipelines": ["daily"],
            "output_directory": "gs://bucket/made",
            "pipeline_job": {"template": "gs://bucket/p.yaml", "parameters": {"market": "eu", "rows": [1]}},
        },
    ],
    "exposed_assets": [{"regex": "dim_.*", "slo": {"daily": {"hours": 6}}}, {"regex": ".*"}],
    "ignore": [{"code": "SCH311", "because": "known"}],
    "acknowledged_changes": [{"asset": "dim_c_v2", "change": "Column id removed.", "reason": "moved"}],
}
PROPERTIES = {
    "version": 2,
    "sources": [
        {
            "name": "theirs",
            "schema": "main",
            "meta": {"owner": "x"},
            "tables": [{"name": "fct", "identifier": "fct", "columns": [{"name": "id"}]}, {"name": "other"}],
        }
    ],
    "models": [{"name": "b", "config": {"meta": {"scheduler": {"pipelines": ["daily"]}}}}],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two teams, their compiled output, and the registry that it is published to; tests restore damaged files."""
    folder = tmp_path_factory.mktemp("fuzz")
    world = World(folder)
    world.team("shop", *ITEMS, macros=("stage",))
    (folder / "shop" / "scheduler.yaml").write_text(json.dumps(SCHEDULER))
    world.team(
        "shipping",
        node("fct", pipelines=["hourly"]),
        text="exposed_assets: [{regex: fct}]\n",
        project="shipping",
    )
    result = call("compile", folder / "shop", folder / "shipping", "--out", folder / "good")
    assert result.exit_code == 0, result.output
    result = call("publish", folder / "good", "--registry", f"file:{folder / 'registry'}")
    assert result.exit_code == 0, result.output
    return folder


def compiled(place: Path, *options: str | Path) -> None:
    """Check and compile the damaged teams: existing files stay whole, and nothing is written if there are errors."""
    teams = (place / "shop", place / "shipping")
    call("check", *teams, "--format", "github", *options)
    out = place / "out"
    before = whole(out)
    result = call("compile", *teams, "--out", out, *options)
    after = whole(out)
    assert result.exit_code == 0 or after == before


def try_with(path: Path, content: bytes, *calls: tuple[str | Path, ...]) -> None:
    """Run commands with changed content of a file."""
    good = path.read_bytes()
    try:
        path.write_bytes(content)
        for each in calls:
            call(*each)
    finally:
        path.write_bytes(good)


@fuzzed
@given(spoiled(SCHEDULER))
def test_scheduler_yaml(place, content):
    good = (place / "shop" / "scheduler.yaml").read_bytes()
    try:
        (place / "shop" / "scheduler.yaml").write_bytes(content)
        compiled(place)
    finally:
        (place / "shop" / "scheduler.yaml").write_bytes(good)


PLATFORM_KEYS: dict[str, Any] = {
    **json.loads(json.dumps(yaml.safe_load(PLATFORM), default=str)),
    "version": 1,
    "defaults": {"retries": 2, "retry_delay": {"minutes": 5}, "pool": "p", "wait_timeout": {"hours": 12}},
    "pools": {"p": 4},
    "registry": "file:registry",
}


@fuzzed
@given(spoiled(PLATFORM_KEYS))
def test_platform_yaml(place, content):
    platform = place / "spoiled.yaml"
    platform.write_bytes(content)
    compiled(place, "--platform", platform)
    call("pools", "--out", place / "good", "--platform", platform)


@fuzzed
@given(spoiled(manifest(*ITEMS, macros=("stage",))))
def test_manifest(place, content):
    file = place / "shop" / "target" / "manifest.json"
    good = file.read_bytes()
    try:
        file.write_bytes(content)
        compiled(place)
        call("adopt", place / "shop", place / "shipping", "--out", place / "proposal")
    finally:
        file.write_bytes(good)


@fuzzed
@given(st.data())
def test_registry_entry(place, data):
    team = data.draw(st.sampled_from(("shop", "shipping")))
    file = place / "registry" / f"{team}.json"
    registry = ("--registry", f"file:{place / 'registry'}")
    content = data.draw(spoiled(json.loads(file.read_bytes())))
    reading = (
        ("check", place / "shop", *registry),
        ("check", place / "shipping", *registry),
        ("registry", "list", *registry),
        ("registry", "show", "fct", *registry),
        ("registry", "consumers", "fct", *registry),
        ("registry", "producers", "shop", *registry),
        ("registry", "export", "--dbt-package", place / "package", *registry),
        ("registry", "site", "--out", place / "site", *registry),
        ("waits", "shop_daily", "--out", place / "good", *registry),
        ("report", place / "good", place / "good", *registry),
        ("publish", place / "good", *registry),
    )
    try_with(file, content, *reading)


MOMENT = "2025-09-09T00:10:00Z"
HISTORY = {
    "format_version": 1, "generated_at": MOMENT, "since": MOMENT, "until": MOMENT,
    "runs": [], "waits": [],
    "landings": [
        {
            "team": "shop", "asset": "fct", "pipeline": "daily", "dag_id": "shop_daily", "run_id": number,
            "period_start": MOMENT, "due": MOMENT, "landed": None, "met": False,
        }
        for number in "ab"
    ],
}  # fmt: skip
FINDINGS = [
    {"code": "SCH102", "severity": "error", "path": "a.yml", "line": 1, "message": "m", "team": "shop"}
]


@fuzzed
@given(st.data())
def test_files_for_the_pages(place, data):
    name, good = data.draw(st.sampled_from((("history", HISTORY), ("findings", FINDINGS))))
    file = place / f"{name}.json"
    file.write_bytes(data.draw(spoiled(good)))
    call(
        "registry",
        "site",
        "--out",
        place / "site",
        "--registry",
        f"file:{place / 'registry'}",
        f"--{name}",
        file,
    )


@fuzzed
@given(st.data())
def test_dag_spec(place, data):
    file = place / "good" / "dags" / "shop_daily.json"
    content = data.draw(spoiled(json.loads(file.read_bytes())))
    out = place / "good"
    reading = (
        ("waits", "shop_daily", "--out", out),
        ("waits", "shop_daily", "fct", "--out", out, "--from", "2025-03-30"),
        ("waits", "shipping_hourly", "--out", out, "--format", "json"),
        ("pools", "--out", out),
        ("report", out, out),
        ("report", out, place / "none"),
        ("publish", out, "--registry", f"file:{place / 'registry'}"),
    )
    try_with(file, content, *reading)
    spoiled_file = place / "spec.json"
    spoiled_file.write_bytes(content)
    with suppress(SpecError):  # Airflow shows it as an import error
        read_spec(spoiled_file)


@fuzzed
@given(st.data())
def test_properties_of_a_project_that_is_adopted(place, data):
    """dbt's YAML files, which dbt itself may or may not accept."""
    folder = place / "shop"
    sources = [
        source("theirs.fct", file="models/s.yml", schema="main"),
        node("b", "theirs.fct", patch_path="shop://models/s.yml"),
    ]
    good = (folder / "target" / "manifest.json").read_bytes()
    name = data.draw(st.sampled_from(("models/s.yml", "dbt_project.yml", "selectors.yml")))
    path = folder / name
    before = path.read_bytes() if path.is_file() else None
    path.parent.mkdir(exist_ok=True)
    try:
        (folder / "target" / "manifest.json").write_text(json.dumps(manifest(*sources)))
        path.write_bytes(data.draw(spoiled(PROPERTIES)))
        call("adopt", folder, place / "shipping", "--out", place / "proposal")
        for file, content in whole(place / "proposal").items():
            if file.endswith((".yml", ".yaml")):
                yaml.safe_load(content)
        call("check", folder, place / "shipping")
    finally:
        (folder / "target" / "manifest.json").write_bytes(good)
        path.unlink() if before is None else path.write_bytes(before)


COMMANDS = (
    "check",
    "compile",
    "report",
    "publish",
    "pools",
    "registry",
    "history",
    "waits",
    "explain",
    "run",
    "resume",
    "adopt",
)
OPTIONS = (
    *(
        "--out",
        "--platform",
        "--registry",
        "--manifest",
        "--format",
        "--strict",
        "--runs",
        "--from",
        "--days",
        "--history",
        "--findings",
        "--airflow-url",
    ),
    *(
        "--period",
        "--only",
        "--airflow",
        "--login",
        "--password-file",
        "--dbt-package",
        "--run",
        "--help",
        "--nothing",
    ),
)
ARGUMENTS = (
    *WORDS,
    "good",
    "out",
    "registry",
    "shop",
    "list",
    "show",
    "export",
    "site",
    "fct",
    "shop_daily",
    "json",
    "2025-W37",
)


@fuzzed
@given(
    st.sampled_from(COMMANDS),
    st.lists(st.sampled_from((*OPTIONS, *ARGUMENTS)).filter(lambda word: "\x00" not in word), max_size=7),
)
def test_command_line(place, command, arguments):
    here = Path.cwd()
    folder = place / "commands"
    folder.mkdir(exist_ok=True)
    os.chdir(folder)
    try:
        call(command, *arguments)
        whole(folder)
    finally:
        os.chdir(here)
