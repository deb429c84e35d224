"""Teams' pipeline and training jobs on Vertex AI: SCH224 and SCH225, and schema errors."""

import json
from pathlib import Path
from typing import Any

import pytest

from build import PLATFORM, World

VERTEX = "kinds: {vertex-ai: {region: europe-west1, output_directory: 'gs://my-bucket/vertex-ai'}}\n"
TASK = "tasks:\n  - {kind: vertex-ai, name: churn, pipelines: [daily], %s}\n"
PIPELINE = "pipeline_job: {template: pipelines/churn.yaml, parameters: {market: eu%s}}"
HERE = 'shop/scheduler.yaml:4: SCH225 task "churn": '
COMPILE = " | compile it with Kubeflow Pipelines 2, and commit the file"


def said(root: Path, keys: str, platform: str = VERTEX, pipeline: Any = None) -> list[str]:
    """The findings about a team with one Vertex AI task; ``pipeline`` is the content of pipelines/churn.yaml."""
    world = World(root, PLATFORM + platform)
    world.team("shop", text=TASK % keys)
    if pipeline is not None:
        world.file(
            "shop/pipelines/churn.yaml", pipeline if isinstance(pipeline, str) else json.dumps(pipeline)
        )
    return world.findings()


def compiled(**parameters: Any) -> dict[str, Any]:
    return {"schemaVersion": "2.1.0", "root": {"inputDefinitions": {"parameters": parameters}}}


def test_a_pipeline_that_can_run_and_a_training_that_can(tmp_path: Path) -> None:
    pipeline = compiled(
        market={}, depth={"defaultValue": 3}, note={"isOptional": True}, data_interval_start={}
    )
    assert said(tmp_path, PIPELINE % "", pipeline=pipeline) == []
    assert said(tmp_path, PIPELINE % ", note: x", pipeline={"pipelineSpec": pipeline}) == []
    assert said(tmp_path, "image: i, training: {model: churn, serving_image: 'serve:1'}") == []


def test_a_parameter_that_the_pipeline_does_not_have(tmp_path: Path) -> None:
    pipeline = compiled(market={}, depth={"defaultValue": 3})
    assert said(tmp_path, PIPELINE % ", dept: 4", pipeline=pipeline) == [
        HERE + 'pipelines/churn.yaml has no parameter "dept" | did you mean "depth"?'
    ]
    assert said(tmp_path, PIPELINE % ", zone: 4", pipeline=pipeline) == [
        HERE + 'pipelines/churn.yaml has no parameter "zone" | available parameters: market, depth'
    ]


def test_a_parameter_that_has_no_value(tmp_path: Path) -> None:
    assert said(tmp_path, PIPELINE % "", pipeline=compiled(market={}, depth={})) == [
        HERE
        + 'the required parameter "depth" of pipelines/churn.yaml is not set | set parameters: {depth: ...}'
    ]


def test_a_parameter_that_would_be_null_in_the_spec(tmp_path: Path) -> None:
    found = said(tmp_path, PIPELINE % ", depth: [{a: .inf}]", pipeline=compiled(market={}, depth={}))
    assert (
        HERE + 'the parameter "depth" contains a number that JSON does not support | use a finite number'
        in found
    )


def test_a_parameter_that_is_called_like_a_secret(tmp_path: Path) -> None:
    pipeline = compiled(market={}, api_token={}, max_tokens={})
    assert said(tmp_path, PIPELINE % ", api_token: abc, max_tokens: 5", pipeline=pipeline) == [
        HERE
        + 'the parameter "api_token" looks like a secret: everyone with permission to view the job can see its value'
        " | remove it, and let the pipeline read the secret from Secret Manager"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "pipelines/churn.yaml: the file does not exist"),
        (
            "- 1",
            "pipelines/churn.yaml is not a compiled pipeline: it has no root; compile it with Kubeflow Pipelines",
        ),
        (
            {"schemaVersion": "2.0.0", "root": {}},
            "pipelines/churn.yaml is not a compiled pipeline: its schemaVersion is 2.0.0, but Kubeflow Pipelines 2 writes 2.1.0",
        ),
        (
            {"schemaVersion": f"2.{'9' * 5000}.0", "root": {}},
            f"pipelines/churn.yaml is not a compiled pipeline: its schemaVersion is 2.{'9' * 5000}.0, but Kubeflow "
            "Pipelines 2 writes 2.1.0",
        ),
    ],
    ids=["missing", "something else", "of before", "of no number"],
)
def test_a_template_that_is_no_compiled_pipeline(tmp_path: Path, content: Any, problem: str) -> None:
    assert said(tmp_path, PIPELINE % "", pipeline=content) == [HERE + problem + COMPILE]


@pytest.mark.parametrize("target", ["../../secret.yaml", "churn.yaml"], ids=["out", "to itself"])
def test_a_template_that_is_a_link_out_of_the_project_is_not_read(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret.yaml").write_text("password: opensesame")
    folder = tmp_path / "shop" / "pipelines"
    folder.mkdir(parents=True)
    (folder / "churn.yaml").symlink_to(target)
    assert said(tmp_path, PIPELINE % "") == [
        HERE
        + "pipelines/churn.yaml is a symlink to a file outside the project | replace the symlink with the file"
    ]


def test_keys_that_have_no_effect_beside_a_pipeline(tmp_path: Path) -> None:
    keys = "image: i, command: x, accelerator: NVIDIA_L4, pipeline_job: {template: 'gs://bucket/churn.yaml'}"
    assert said(tmp_path, keys) == [
        f'shop/scheduler.yaml:4: SCH224 task "churn": {key} and pipeline_job are mutually exclusive | remove one of them'
        for key in ("accelerator", "command", "image")
    ]


def test_a_pipeline_where_tasks_are_processes(tmp_path: Path) -> None:
    keys = "pipeline_job: {template: 'gs://bucket/churn.yaml'}"
    assert said(tmp_path, keys, "kinds: {vertex-ai: {where: local}}\n") == [
        HERE
        + "a pipeline job runs only on Vertex AI, not as a local process | set where: vertex-ai in platform.yaml"
    ]


def test_a_training_where_tasks_are_processes(tmp_path: Path) -> None:
    keys = "command: x, training: {model: churn, serving_image: 'serve:1'}"
    assert said(tmp_path, keys, "kinds: {vertex-ai: {where: local}}\n") == [
        HERE
        + "training runs only on Vertex AI, not as a local process | set where: vertex-ai in platform.yaml"
    ]


@pytest.mark.parametrize(
    "keys",
    [
        "pipeline_job: {template: 'gs://bucket/churn.yaml'}",
        "image: i, training: {model: m, serving_image: i}",
    ],
    ids=["pipeline", "training"],
)
def test_a_job_without_an_output_directory(tmp_path: Path, keys: str) -> None:
    (found,) = said(tmp_path, keys, "kinds: {vertex-ai: {region: europe-west1}}\n")
    assert found.startswith('shop/scheduler.yaml:4: SCH223 task "churn": output_directory is not set, but')


def test_an_image_that_serves_a_model_and_no_engine_takes(tmp_path: Path) -> None:
    (found,) = said(tmp_path, "image: i, training: {model: m, serving_image: 'A B'}")
    assert found.startswith(HERE + '"A B" is not a valid image name')


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("training: {modell: churn, serving_image: i}", "modell"),
        ("training: {model: Churn, serving_image: i}", '"training.model" must match the pattern'),
        ("training: {model: churn}", '"serving_image" is missing in "training"'),
        ("pipeline_job: {}", '"template" is missing in "pipeline_job"'),
        ("pipeline_job: {template: pipelines/churn.py}", '"pipeline_job.template" must match the pattern'),
        ("pipeline_job: {template: ../churn.yaml}", '"pipeline_job.template" must match the pattern'),
        ("pipeline_job: {template: /etc/churn.yaml}", '"pipeline_job.template" must match the pattern'),
        ("pipeline_job: {template: 'gs://bucket/churn.yaml', parameters: {market: null}}", "market"),
        ("output_directory: my-bucket", '"output_directory" must match the pattern'),
    ],
)
def test_a_wrong_value_is_a_finding_of_its_shape(tmp_path: Path, keys: str, problem: str) -> None:
    found = said(tmp_path, f"image: i, {keys}")
    assert any("SCH201" in each and problem in each for each in found), found


def test_a_misspelled_key_of_a_training_gets_the_one_that_there_is(tmp_path: Path) -> None:
    found = said(tmp_path, "image: i, training: {modell: churn, serving_image: i}")
    assert any(each.endswith('did you mean "model"?') for each in found)
