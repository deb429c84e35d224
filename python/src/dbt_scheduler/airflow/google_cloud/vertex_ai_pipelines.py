# ruff: noqa: ANN401 - Google's clients have no types here
"""Reads compiled pipelines for Vertex AI pipeline jobs, and fills in their parameters."""

from collections.abc import Mapping
from typing import Any

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.vertex_pipeline import CompiledPipeline, NoPipelineError, compiled_pipeline


def read_pipeline(path: str, project: str, credentials: Any) -> CompiledPipeline:
    """Read a pipeline from Cloud Storage or a file. Raises AirflowException if there is none."""
    from google.cloud.aiplatform.utils.yaml_utils import load_yaml  # noqa: PLC0415 - takes 5 s

    try:
        return compiled_pipeline(load_yaml(path, project, credentials))
    except NoPipelineError as error:
        raise AirflowException(f"{path} is not a compiled pipeline: {error}") from None
    except (GoogleAPIError, GoogleAuthError, OSError, ValueError) as error:
        raise AirflowException(f"The pipeline {path} cannot be read: {error}") from None


def filled(pipeline: CompiledPipeline, job: Mapping[str, Any], offered: Mapping[str, str]) -> dict[str, Any]:
    """The job with its pipeline, and the ``offered`` values of its parameters that the job does not set.

    Raises AirflowException for a required parameter without a value, and for an unknown one.
    """
    config = job["runtime_config"]
    own = {name: value for name, value in offered.items() if name in pipeline.parameters}
    values = {**own, **config.get("parameter_values", {})}
    if lacking := [name for name in pipeline.required if name not in values]:
        raise AirflowException(f'The required parameter "{lacking[0]}" of the pipeline is not set.')
    if unknown := [name for name in values if name not in pipeline.parameters]:
        raise AirflowException(f'The pipeline has no parameter "{unknown[0]}".')
    return {**job, "pipeline_spec": pipeline.spec, "runtime_config": {**config, "parameter_values": values}}
