"""Rules about how a team's tasks run: their images, and the keys that only the platform may set."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.kinds import kinds
from dbt_scheduler.kinds.places import QUEUEING, overrides_of, places
from dbt_scheduler.project.locations import Location, task_location
from dbt_scheduler.project.types import ProjectTask

SCH218 = Rule(
    code="SCH218",
    summary="A task that runs in a container has no image",
    message='{what}: no image is set, but the platform runs it in a container ("where: {where}")',
    hint="set {key}",
    why="Without an image, the container cannot start.",
    example="""\
# scheduler.yaml, where platform.yaml has kinds: {universal: {where: docker}}
tasks:
  - {kind: universal, name: fetch, pipelines: [daily], command: python fetch.py}
""",
    fix="Set `image` on the task, `dbt_settings: {image: ...}` for the team's dbt tasks, or `image` of the "
    "kind in `platform.yaml`.",
)
SCH219 = Rule(
    code="SCH219",
    summary="An image name is invalid",
    message='{what}: "{image}" is not a valid image name',
    hint="use the form registry.example.com/folder/name:tag, with the name in lower case",
    why="The container engine would reject the name each time the task starts.",
    example="""\
# scheduler.yaml
tasks:
  - {kind: universal, name: fetch, image: "Acme Fetch:1"}   # upper case, and a space
""",
    fix="Use a name that `docker pull` accepts.",
)
SCH220 = Rule(
    code="SCH220",
    summary="A team sets a key that only the platform may set",
    message="{what}: teams are not allowed to set {key}",
    hint="remove it, or ask the platform team to add it to `overrides` of {kind} in platform.yaml; teams "
    "may set: {allowed}",
    why="`overrides` in `platform.yaml` lists the keys that teams may set themselves, because these keys "
    "affect cost or capacity.",
    example="""\
# scheduler.yaml, where platform.yaml has kinds: {universal: {where: docker, overrides: [image]}}
tasks:
  - {kind: universal, name: fetch, image: "fetch:1", memory: 64g, command: python fetch.py}
""",
    fix="Remove the key. The value in `platform.yaml` then applies.",
)

SCH223 = Rule(
    code="SCH223",
    summary="A task lacks a key that its `where` requires",
    message='{what}: {key} is not set, but "where: {where}" requires it',
    hint="set {key} of {kind} in platform.yaml, for example {example}{or_team}",
    why="The key has no default, so the task could not start.",
    example="""\
# scheduler.yaml, where platform.yaml has kinds: {vertex-ai: {project: my-project}}
tasks:
  - {kind: vertex-ai, name: train, image: "train:1", pipelines: [daily]}   # no region
""",
    fix="Set the key in `platform.yaml` for all tasks of the kind, or on the task if teams may set it. A task "
    "that runs as a local process needs a `command`: its image is not used.",
)

_DOMAIN = (
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?"
)
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
# The grammar of references in github.com/distribution/reference.
_IMAGE = re.compile(
    rf"(?:{_DOMAIN}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?"
)
_LONGEST = 400


class _Said(msgspec.Struct, frozen=True):
    """The image and settings of a team's dbt tasks, or of a declared task; ``key`` is where the image is set."""

    kind: str
    what: str
    key: str
    location: Location
    image: str | None
    settings: dict[str, object]
    command: tuple[str, ...] | None = None
    """None for dbt tasks, whose command is generated."""


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """Findings about images, and about keys that the team may not set."""
    yield from _images(team, workspace)
    yield from _decided_by_platform(team, workspace)


def _images(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH218, SCH219 and SCH223: settings without which a container, pod or job cannot start."""
    for said in _all_said(team):
        settings = workspace.platform.places[said.kind]
        place, image = places()[settings.where], said.image or settings.image
        words = {"subject": said.what, "what": said.what}
        needs_image = place.needs_image and "image" not in instead_of(said.kind, said.settings)
        if needs_image and image is None:
            yield SCH218.at(*said.location, where=settings.where, key=said.key, **words)
        elif needs_image and not is_image(image or ""):
            yield SCH219.at(*said.location, image=image, **words)
        if (
            not place.needs_image
            and said.command == ()
            and "command" not in instead_of(said.kind, said.settings)
        ):
            hint = "set command on the task"
            yield SCH223.at(*said.location, hint=hint, key="command", where=settings.where, **words)
        values = {**settings.settings, **said.settings}
        for key, setting in place.settings.items():
            needed = setting.required or not {said.kind, *said.settings}.isdisjoint(setting.needed_by)
            if needed and not values.get(key):
                lacking = {"key": key, "kind": said.kind, "example": str(setting.example)}
                lacking["or_team"] = ", or in scheduler.yaml" if setting.by_task else ""
                yield SCH223.at(*said.location, where=settings.where, **lacking, **words)


def is_image(name: str) -> bool:
    """Whether this is a valid image name."""
    return len(name) <= _LONGEST and bool(_IMAGE.fullmatch(name))


def instead_of(kind: str, settings: Iterable[str]) -> dict[str, str]:
    """The keys that these settings exclude for a task of the kind, each with the key that excludes it."""
    own = kinds()[kind].keys
    return {key: name for name in settings if name in own for key in own[name].instead_of}


def _decided_by_platform(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH220: keys that the platform does not allow the team to set, for each kind that has a task."""
    folder, dbt = team.project.folder, team.project.config.dbt_settings
    tasks = [task for task in team.project.tasks.values() if task.pipelines]
    for kind in {task.kind for task in tasks}:
        settings = workspace.platform.places[kind]
        if settings.overrides is None:
            continue
        allowed = ", ".join(settings.overrides) or "nothing"
        refused = set(overrides_of(kind)).difference(settings.overrides)
        said: list[tuple[str, str, ProjectTask | None]] = []
        if kind == "dbt":
            said += [("the dbt tasks", key, None) for key in _keys(dbt.image, dbt.settings)]
        said += [(_called(task), key, task) for task in tasks if task.kind == kind for key in _own_keys(task)]
        for what, key, task in said:
            if key in refused:
                place = str(folder / "scheduler.yaml"), dbt.line
                location = task_location(folder, task, "scheduler", key) if task else place
                words = {"subject": task.name if task and task.node else what, "what": what}
                yield SCH220.at(*location, key=key, kind=kind, allowed=allowed, **words)


def _called(task: ProjectTask) -> str:
    return f'meta.scheduler of "{task.name}"' if task.node else f'task "{task.name}"'


def _own_keys(task: ProjectTask) -> list[str]:
    image = task.declaration.image if task.declaration else None
    queueing = [key for key in QUEUEING if getattr(task, key) is not None]
    return [*queueing, *_keys(image, task.settings)]


def _keys(image: str | None, settings: dict[str, object]) -> list[str]:
    return [*(["image"] if image else []), *settings]


def _all_said(team: Team) -> Iterator[_Said]:
    path = str(team.project.folder / "scheduler.yaml")
    dbt = team.project.config.dbt_settings
    tasks = [task for task in team.project.tasks.values() if task.pipelines]
    if any(task.kind == "dbt" for task in tasks):
        key = "dbt_settings: {image: ...} in scheduler.yaml"
        yield _Said("dbt", "the dbt tasks", key, (path, dbt.line), dbt.image, dbt.settings)
    for task in tasks:
        if own := task.declaration:
            location = task_location(team.project.folder, task)
            words = (f'task "{task.name}"', "image on the task", location)
            yield _Said(own.kind, *words, own.image, task.settings, own.command)


PLUGIN = Check(team=check)
