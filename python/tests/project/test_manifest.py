"""Supported manifests, and the errors for unsupported ones."""

import gzip
import json
from pathlib import Path

import pytest

from build import function, manifest, node
from dbt_scheduler.findings.finding import CannotRunError
from dbt_scheduler.project.manifest import NodeConfig
from dbt_scheduler.project.manifest_file import load_manifest

MODEL = {
    "unique_id": "model.shop.orders",
    "name": "orders",
    "resource_type": "model",
    "package_name": "shop",
    "path": "marts/orders.sql",
    "original_file_path": "models/marts/orders.sql",
    "fqn": ["shop", "marts", "orders"],
    "patch_path": "shop://models/marts/schema.yml",
    "depends_on": {"macros": ["macro.dbt.run_query"], "nodes": ["model.shop.stg"]},
    "config": {"materialized": "incremental", "meta": {"scheduler": {"pipelines": ["daily"]}, "team": 7}},
    "columns": {"id": {"name": "id", "data_type": None}},
    "checksum": {"name": "sha256", "checksum": "0"},
}
"""As written by dbt, with fields that we do not read."""


def refused(path) -> str:
    with pytest.raises(CannotRunError) as refusal:
        load_manifest(path)
    (finding,) = refusal.value.findings
    assert finding.path == str(path)
    return f"{finding.code} {finding.message} | {finding.hint}"


def test_the_version_that_is_read(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest(("nodes", MODEL), version=12)))
    orders = load_manifest(path).nodes["model.shop.orders"]
    assert orders.depends_on.nodes == ("model.shop.stg",)
    assert orders.config.meta["scheduler"] == {"pipelines": ["daily"]}
    assert orders.file == "models/marts/schema.yml"
    assert orders.runs
    assert not orders.ephemeral


def test_functions_are_nodes(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest(node("rates"), function("in_euro", "rates"))))
    read = load_manifest(path)
    assert list(read.nodes) == ["model.shop.rates", "function.shop.in_euro"]
    assert read.nodes["function.shop.in_euro"].runs


@pytest.mark.parametrize("version", [9, 13, 120])
def test_versions_that_are_refused(tmp_path, version):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest(version=version)))
    assert refused(path) == (
        f"SCH403 manifest version v{version}, written by dbt 1.11.0, is not supported"
        " | manifest v12 is supported: compile the project with dbt 1.8 to 1.12"
    )


@pytest.mark.parametrize(("version", "dbt"), [(10, "1.6.18"), (11, "1.7.19")])
def test_a_manifest_of_an_unsupported_dbt_is_rejected(tmp_path, version, dbt):
    path = tmp_path / "manifest.json"
    document = manifest(("nodes", MODEL), version=version)
    document["metadata"]["dbt_version"] = dbt
    path.write_text(json.dumps(document))
    assert refused(path) == (
        f"SCH403 manifest version v{version}, written by dbt {dbt}, is not supported"
        " | manifest v12 is supported: compile the project with dbt 1.8 to 1.12"
    )


def test_an_old_version_of_another_shape_is_refused_by_its_version(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest(version=4) | {"nodes": [1, 2]}))
    assert refused(path).startswith("SCH403 manifest version v4, written by dbt 1.11.0, is not supported | ")


@pytest.mark.parametrize(
    ("metadata", "shown"),
    [
        ({}, "(none)"),
        ({"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"}, "v1"),
        ({"dbt_schema_version": "twelve"}, "twelve"),
        (
            {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v\u0661\u0662.json"},
            "https://schemas.getdbt.com/dbt/manifest/v\u0661\u0662.json",
        ),
    ],
)
def test_metadata_without_a_version_of_ours(tmp_path, metadata, shown):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest() | {"metadata": metadata}))
    assert refused(path) == (
        f"SCH403 manifest version {shown}, written by dbt (unknown), is not supported"
        " | manifest v12 is supported: compile the project with dbt 1.8 to 1.12"
    )


def test_a_missing_file(tmp_path):
    assert refused(tmp_path / "manifest.json") == (
        "SCH401 the file does not exist | run `dbt compile` in the project, or set the path with --manifest"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Input data was truncated"),
        (json.dumps(manifest(node("orders"))).encode()[:300], "Input data was truncated"),
        (b"<html>", "JSON is malformed: invalid character (byte 0)"),
        (b"[]", "the top level must be a mapping, not a list"),
        (b"{}", '"metadata" is missing'),
        (
            json.dumps(manifest(("nodes", {"unique_id": "model.shop.a"}))).encode(),
            '"name" is missing in "nodes[...]"',
        ),
        (
            json.dumps(manifest(("nodes", MODEL | {"version": []}))).encode(),
            '"nodes[...].version" must be an integer, a number, a string or empty, not a list',
        ),
        (json.dumps(manifest()).encode().replace(b"1.11", b"\xff"), "not valid UTF-8"),
        (b"\xff\xfe{}", "JSON is malformed: invalid character (byte 0)"),
    ],
)
def test_what_is_no_manifest(tmp_path, content, problem):
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    assert refused(path) == f"SCH402 the file cannot be read: {problem} | run `dbt compile` again"


def test_brackets_without_end(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text('{"metadata": ' + "[" * 100_000)
    assert refused(path).startswith("SCH402 the file cannot be read: ")


def test_a_folder(tmp_path):
    assert refused(tmp_path) == "SCH402 the file cannot be read: is a directory | run `dbt compile` again"


def test_gzip(tmp_path):
    path = tmp_path / "manifest.json.gz"
    path.write_bytes(gzip.compress(json.dumps(manifest(node("orders"))).encode()))
    assert list(load_manifest(path).nodes) == ["model.shop.orders"]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda _: b'{"metadata": {}}', "Not a gzipped file (b'{\"')"),
        (lambda good: good[:40], "Compressed file ended before the end-of-stream marker was reached"),
        (lambda good: good[:30] + b"\xff" * 20 + good[50:], "Error -3 while decompressing data: "),
    ],
)
def test_damaged_gzip(tmp_path, damage, problem):
    path = tmp_path / "manifest.json.gz"
    path.write_bytes(damage(gzip.compress(json.dumps(manifest(node("orders"))).encode())))
    assert refused(path).startswith(f"SCH402 the file cannot be read: {problem}")


def written(tmp_path, document) -> Path:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(document))
    return path


def test_infinity_and_nan_in_some_meta_do_not_matter(tmp_path):
    meta = {"threshold": float("inf"), "ratio": float("nan"), "scheduler": {"pipelines": ["daily"]}}
    path = written(tmp_path, manifest(node("orders", meta=meta)))
    assert "Infinity" in path.read_text()
    assert load_manifest(path).nodes["model.shop.orders"].config.meta["scheduler"] == {"pipelines": ["daily"]}


@pytest.mark.parametrize("config", [None, {"materialized": None, "meta": None}])
def test_null_as_dbt_fusion_writes_it_is_nothing(tmp_path, config):
    part, entry = node("orders")
    path = written(
        tmp_path, manifest((part, {**entry, "config": config, "columns": None, "description": None}))
    )
    orders = load_manifest(path).nodes["model.shop.orders"]
    assert (orders.config, orders.columns, orders.description) == (NodeConfig(), {}, "")


def test_a_node_that_is_null_is_refused(tmp_path):
    document = manifest()
    document["nodes"]["model.shop.orders"] = None
    assert refused(written(tmp_path, document)).startswith(
        'SCH402 the file cannot be read: "nodes[...]" must be a mapping, not '
    )


def test_an_id_that_is_not_the_nodes_own_is_refused(tmp_path):
    part, entry = node("orders")
    document = manifest((part, entry))
    document["nodes"]["model.shop.customers"] = document["nodes"].pop("model.shop.orders")
    assert refused(written(tmp_path, document)) == (
        'SCH402 the file cannot be read: "model.shop.customers" has the unique_id "model.shop.orders"'
        " | run `dbt compile` again"
    )


def test_a_manifest_nested_without_end_is_refused(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest()).replace("{", '{"zzz": ' + "[" * 100_000 + "]" * 100_000 + ",", 1))
    assert (
        refused(path) == "SCH402 the file cannot be read: it is nested too deeply | run `dbt compile` again"
    )


def test_a_small_file_that_unpacks_to_an_enormous_one_is_refused(tmp_path):
    path = tmp_path / "manifest.json.gz"
    with gzip.open(path, "wb", compresslevel=1) as bomb:
        for _ in range(100):
            bomb.write(b" " * 1_000_000)
    size = path.stat().st_size
    assert refused(path) == (
        f"SCH402 the file cannot be read: it decompresses to more than {50_000_000 + 100 * size:,} bytes"
        " | run `dbt compile` again"
    )


def test_errors_in_a_manifest_with_infinity_are_reported_too(tmp_path):
    path = tmp_path / "manifest.json"
    meta = {"threshold": float("inf")}
    wrong = {**MODEL, "config": {"meta": meta}, "fqn": "shop.orders"}
    path.write_text(json.dumps(manifest(("nodes", wrong))))
    assert refused(path) == (
        'SCH402 the file cannot be read: "nodes[...].fqn" must be a list, not a string | run `dbt compile` again'
    )
    path.write_text(json.dumps(manifest(("nodes", wrong), version=11)))
    assert refused(path).startswith("SCH403 manifest version v11, ")
