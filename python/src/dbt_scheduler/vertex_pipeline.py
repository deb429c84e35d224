"""Reads a compiled pipeline of Vertex AI, as written by Kubeflow Pipelines, without their libraries."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

_VERSION = re.compile(r"2\.([0-9]{1,9})\.[0-9]+")
_FIRST_MINOR = 1
"""The first supported minor version: Kubeflow Pipelines 1 writes 2.0, which passes parameters differently."""


class CompiledPipeline(msgspec.Struct, frozen=True):
    """A pipeline's spec, the names of its parameters, and of those that require a value."""

    spec: dict[str, Any]
    parameters: tuple[str, ...]
    required: tuple[str, ...]


class NoPipelineError(Exception):
    """A document is not a compiled pipeline for a pipeline job; the message is the reason."""


def compiled_pipeline(document: object) -> CompiledPipeline:
    """The pipeline of a document, which is its spec or a job with it. Raises NoPipelineError for other documents."""
    spec = _mapping(document, "pipelineSpec") or document
    root = _mapping(spec, "root")
    if not isinstance(spec, dict) or root is None:
        raise NoPipelineError("it has no root; compile it with Kubeflow Pipelines")
    version = _VERSION.fullmatch(str(spec.get("schemaVersion")))
    if version is None or int(version[1]) < _FIRST_MINOR:
        raise NoPipelineError(
            f"its schemaVersion is {spec.get('schemaVersion')}, but Kubeflow Pipelines 2 writes 2.1.0"
        )
    declared = _mapping(_mapping(root, "inputDefinitions"), "parameters") or {}
    required = (name for name, each in declared.items() if not _may_lack(each))
    return CompiledPipeline(spec, tuple(map(str, declared)), tuple(map(str, required)))


def _may_lack(parameter: object) -> bool:
    return isinstance(parameter, Mapping) and (
        "defaultValue" in parameter or bool(parameter.get("isOptional"))
    )


def _mapping(of: object, key: str) -> Mapping[str, Any] | None:
    found = of.get(key) if isinstance(of, Mapping) else None
    return found if isinstance(found, Mapping) else None
