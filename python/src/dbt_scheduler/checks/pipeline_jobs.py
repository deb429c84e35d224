"""Rules about Vertex AI pipelines and training jobs: templates, parameters and mutually exclusive keys."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from dbt_scheduler.checks import Check
from dbt_scheduler.checks.containers import instead_of, is_image
from dbt_scheduler.config.types import TaskConfig
from dbt_scheduler.config.yaml import load_yaml
from dbt_scheduler.files import resolved
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.kinds.places import looks_secret, places
from dbt_scheduler.vertex_pipeline import CompiledPipeline, NoPipelineError, compiled_pipeline

SCH224 = Rule(
    code="SCH224",
    summary="A task has two mutually exclusive keys",
    message='task "{task}": {key} and {other} are mutually exclusive',
    hint="remove one of them",
    why="A task runs one job. A pipeline job, for example, defines the images and commands of its steps "
    "itself.",
    example="""\
# scheduler.yaml
tasks:
  - kind: vertex-ai
    name: churn
    image: churn:1
    pipeline_job: {template: pipelines/churn.yaml}
""",
    fix="Remove the key that is not intended, or use a separate task for it.",
)
SCH225 = Rule(
    code="SCH225",
    summary="A pipeline job or training job is misconfigured",
    message='task "{task}": {problem}',
    why="Vertex AI, or the worker that reads the pipeline, would reject the job each time the task starts.",
    example="""\
# scheduler.yaml, where pipelines/churn.yaml has the parameter market
tasks:
  - kind: vertex-ai
    name: churn
    pipeline_job: {template: pipelines/churn.yaml, parameters: {markt: eu}}
""",
    fix="Compile the pipeline with Kubeflow Pipelines 2, commit the file, and use the parameter names that "
    "it defines. Do not pass secrets as parameters: let the pipeline read them from Secret Manager.",
)

_COMPILE = "compile it with Kubeflow Pipelines 2, and commit the file"
_FOUND_BY_THE_WORKER = ("data_interval_start", "data_interval_end")


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH224 and SCH225, for each declared task."""
    file = str(team.project.folder / "scheduler.yaml")
    for project_task in team.project.tasks.values():
        task = project_task.declaration
        if task is None or not project_task.pipelines:
            continue
        words = {"subject": task.name, "task": task.name}
        said = {"image": task.image, "command": task.command, **task.settings}
        for key, other in instead_of(task.kind, task.settings).items():
            if said.get(key):
                yield SCH224.at(file, task.line, key=key, other=other, **words)
        container = places()[workspace.platform.places[task.kind].where].needs_image
        for problem, hint in _problems(task, team.project.folder, container=container):
            yield SCH225.at(file, task.line, problem=problem, hint=hint, **words)


def _problems(task: TaskConfig, folder: Path, *, container: bool) -> Iterator[tuple[str, str]]:
    """Problems of a task's training or pipeline job, each with a hint."""
    training, pipeline = task.settings.get("training"), task.settings.get("pipeline_job")
    if isinstance(training, Mapping) and not is_image(image := training["serving_image"]):
        yield f'"{image}" is not a valid image name', "use the form registry.example.com/folder/name:tag"
    for job, declared in (("training", training), ("a pipeline job", pipeline)):
        if isinstance(declared, Mapping) and not container:
            yield (
                f"{job} runs only on Vertex AI, not as a local process",
                "set where: vertex-ai in platform.yaml",
            )
    if not isinstance(pipeline, Mapping):
        return
    parameters = pipeline.get("parameters", {})
    for name in [name for name, value in parameters.items() if looks_secret(name) and isinstance(value, str)]:
        problem = (
            f'the parameter "{name}" looks like a secret: everyone with permission to view the job can '
            "see its value"
        )
        yield problem, "remove it, and let the pipeline read the secret from Secret Manager"
    for name in [name for name, value in parameters.items() if not _is_finite(value)]:
        yield f'the parameter "{name}" contains a number that JSON does not support', "use a finite number"
    if not pipeline["template"].startswith("gs://"):
        yield from _problems_of_template(folder / pipeline["template"], pipeline["template"], parameters)


def _is_finite(value: object) -> bool:
    """Whether all numbers in a value are finite: JSON would have null instead of others."""
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _problems_of_template(
    path: Path, shown: str, parameters: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    if _leads_out(path, path.parents[shown.count("/")]):
        yield f"{shown} is a symlink to a file outside the project", "replace the symlink with the file"
        return
    document, findings = load_yaml(path)
    if document is None:
        yield f"{shown}: {findings[0].message}", _COMPILE
        return
    try:
        pipeline = compiled_pipeline(document.value)
    except NoPipelineError as error:
        yield f"{shown} is not a compiled pipeline: {error}", _COMPILE
        return
    yield from _problems_of_parameters(pipeline, shown, parameters)


def _leads_out(path: Path, folder: Path) -> bool:
    try:
        return not resolved(path).is_relative_to(resolved(folder))
    except OSError:  # a dangling symlink
        return True


def _problems_of_parameters(
    pipeline: CompiledPipeline, shown: str, parameters: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    for name in parameters:
        if name not in pipeline.parameters:
            known = f"available parameters: {', '.join(pipeline.parameters) or 'none'}"
            yield f'{shown} has no parameter "{name}"', did_you_mean(name, pipeline.parameters) or known
    for name in pipeline.required:
        if name not in parameters and name not in _FOUND_BY_THE_WORKER:
            yield f'the required parameter "{name}" of {shown} is not set', f"set parameters: {{{name}: ...}}"


PLUGIN = Check(team=check)
