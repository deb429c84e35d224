"""What a team asks of the place where its tasks run, and the place does not have."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.kinds.places import places
from dbt_scheduler.project.locations import Location, task_location
from dbt_scheduler.schedule.durations import format_duration

SCH226 = Rule(
    code="SCH226",
    summary="A task asks a place for what it does not have",
    message='{what}: {problem} ("where: {where}")',
    hint="{fix}",
    why="The place refuses such a job when the task starts, in every run.",
    example="""\
# scheduler.yaml, where platform.yaml has kinds: {universal: {where: cloud-run, region: europe-west1}}
tasks:
  - {kind: universal, name: fetch, image: "fetch:1", cpus: 3, pipelines: [daily]}   # it has 1, 2, 4, 6 or 8 CPUs
""",
    fix="Name what the place has; [google.md](google.md) says it of Cloud Run.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH226: of values that the team names itself, those that the place would not take, and times that are too long."""
    for what, kind, location, own in _said(team):
        settings = workspace.platform.places[kind]
        place = places()[settings.where]
        problem = place.refusal and own and place.refusal({**settings.settings, **own})
        if problem:
            yield _finding(what, settings.where, location, problem)
    for task in team.project.tasks.values():
        settings = workspace.platform.places[task.kind]
        longest = places()[settings.where].longest_seconds
        seconds = task.timeout_seconds or workspace.platform.defaults.timeout_seconds
        if longest and seconds > longest and task.pipelines:
            location = task_location(team.project.folder, task, "scheduler", "timeout")
            problem = f"no job goes on for more than {format_duration(longest)}, and its timeout is {format_duration(seconds)}"
            hint = (
                None
                if task.timeout_seconds
                else "name a timeout of the task, or correct defaults in platform.yaml"
            )
            yield _finding(f'"{task.name}"', settings.where, location, problem, hint)


def _said(team: Team) -> Iterator[tuple[str, str, Location, dict[str, object]]]:
    """Who says something of where its tasks run: the team of its dbt, a node, a task."""
    dbt = team.project.config.dbt_settings
    tasks = [task for task in team.project.tasks.values() if task.pipelines]
    if any(task.node for task in tasks):
        place = str(team.project.folder / "scheduler.yaml"), dbt.line
        yield "the dbt tasks", "dbt", place, dbt.settings
    for task in tasks:
        if task.settings:
            location = task_location(team.project.folder, task, "scheduler", next(iter(task.settings)))
            own = {**dbt.settings, **task.settings} if task.node else task.settings
            yield f'"{task.name}"', task.kind, location, own


def _finding(what: str, where: str, location: Location, problem: str, hint: str | None = None) -> Finding:
    words = {"what": what, "problem": problem, "where": where}
    words["fix"] = hint or f"correct it in {location[0].rpartition('/')[2]}"
    return SCH226.at(*location, subject=what.strip('"'), **words)


PLUGIN = Check(team=check)
