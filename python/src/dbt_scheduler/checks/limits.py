"""Rules about resources that a team requests and that the place where its tasks run does not offer."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.kinds.places import places
from dbt_scheduler.project.locations import Location, task_location
from dbt_scheduler.schedule.durations import format_duration

SCH226 = Rule(
    code="SCH226",
    summary="A task requests an unsupported resource",
    message='{what}: {problem} ("where: {where}")',
    hint="{fix}",
    why="The job would be rejected each time the task starts.",
    example="""\
# scheduler.yaml, where platform.yaml has kinds: {universal: {where: cloud-run, region: europe-west1}}
tasks:
  - {kind: universal, name: fetch, image: "fetch:1", cpus: 3, pipelines: [daily]}   # Cloud Run has 1, 2, 4, 6 or 8 CPUs
""",
    fix="Use a supported value; [google.md](google.md) lists those of Cloud Run.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH226: values set by the team that the place rejects, and timeouts that are too long."""
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
            problem = (
                f"a job can run for at most {format_duration(longest)}, but its timeout is "
                f"{format_duration(seconds)}"
            )
            hint = (
                None
                if task.timeout_seconds
                else "set a shorter timeout on the task, or correct defaults in platform.yaml"
            )
            yield _finding(f'"{task.name}"', settings.where, location, problem, hint)


def _said(team: Team) -> Iterator[tuple[str, str, Location, dict[str, object]]]:
    """The settings of how tasks run: the team's dbt settings, and those of nodes and declared tasks."""
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
