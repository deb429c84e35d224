"""Rules about the operations at the start and end of a DAG run, and about dbt's own hooks."""

from collections import defaultdict
from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.config.types import PlatformConfig, ProjectHooks
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.hooks import describe_hooks
from dbt_scheduler.project.types import Project

SCH215 = Rule(
    code="SCH215",
    summary="on_run_start or on_run_end refers to an unknown macro",
    message='dbt_settings.{hook}: macro "{macro}" not found',
    hint="use the name of a macro of this project or of a package, without parentheses",
    why="The operation would fail in every DAG run: on_run_start before the first model, on_run_end after "
    "the last one.",
    example="""\
# scheduler.yaml
dbt_settings:
  on_run_start: [stage_external_source]   # the macro is stage_external_sources
""",
    fix="Correct the name, or add the macro or the package that contains it.",
)
SCH216 = Rule(
    code="SCH216",
    severity=Severity.NOTE,
    summary="The project's own dbt hooks run once per DAG run",
    message="these hooks run once per DAG run instead of in every dbt task: {hooks}",
    hint="set dbt_settings.project_hooks in scheduler.yaml: once to confirm this; every_task if models need "
    "what a hook does in its own session, such as SET or ATTACH; never to skip the hooks",
    why="dbt runs a project's on-run-start and on-run-end hooks in each invocation, and each task of a DAG "
    "is an invocation. dbt-scheduler therefore runs them once per DAG run: on-run-start before all "
    "other dbt tasks, which do not start if it fails, and on-run-end after them, whatever their "
    "outcome, with the `results` of all of them. A hook that only changes its own session, or with "
    "DuckDB its own process, no longer affects the models. Hooks of packages run in every dbt task.",
    example="""\
# dbt_project.yml
on-run-start: "create table if not exists {{ target.schema }}.audit (at timestamp)"
on-run-end: "{{ report(results) }}"
""",
    fix="Set `dbt_settings: {project_hooks: once}` in `scheduler.yaml`, or `every_task`, or `never`.",
)
SCH217 = Rule(
    code="SCH217",
    severity=Severity.NOTE,
    summary="The dbt hooks of a package run in every dbt task",
    message='the {kinds} hooks of package "{package}" run in every dbt task',
    hint="if this is too expensive, disable them with the package's own vars",
    why="Hooks of packages usually log each dbt invocation, and each task of a DAG is an invocation: "
    "on-run-end gets the results of that task only. `project_hooks` applies only to the project's own "
    "hooks.",
    example="""\
# packages.yml
packages:
  - {package: elementary-data/elementary, version: 0.19.0}   # uploads the results of each invocation
""",
    fix="If this is intended, ignore the note. Otherwise, see the package's documentation for what its "
    "hooks do and how to disable them.",
)

_OUR_PACKAGE = "dbt_scheduler"


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """Findings about the hooks at the start and end of a team's DAG runs."""
    yield from _operations(team)
    if any(task.kind == "dbt" and task.pipelines for task in team.project.tasks.values()):
        yield from dbt_hooks(team.project, workspace.platform)


def dbt_hooks(project: Project, platform: PlatformConfig) -> Iterator[Finding]:
    """Findings about how dbt's own hooks run in a project's DAGs."""
    yield from _own_hooks(project, platform)
    yield from _package_hooks(project)


def _operations(team: Team) -> Iterator[Finding]:
    """SCH215: a hook must be a macro that dbt knows, as ``macro`` or ``package.macro``."""
    settings = team.project.config.dbt_settings
    full = {unique_id.removeprefix("macro.") for unique_id in team.project.manifest.macros}
    known = full | {name.partition(".")[2] for name in full}
    for hook in ("on_run_start", "on_run_end"):
        for macro in getattr(settings, hook):
            if known and macro not in known:
                location = (str(team.project.folder / "scheduler.yaml"), settings.line)
                yield SCH215.at(
                    *location, subject=macro, hint=did_you_mean(macro, known) or None, hook=hook, macro=macro
                )


def _own_hooks(project: Project, platform: PlatformConfig) -> Iterator[Finding]:
    """SCH216: the project's hooks run once per DAG run, and the team has not confirmed it."""
    own = [hook for hook in project.hooks if hook.own]
    decided = project.config.dbt_settings.project_hooks
    if own and decided is None and platform.dbt.project_hooks is ProjectHooks.ONCE:
        location = (str(project.folder / "dbt_project.yml"), own[0].line)
        yield SCH216.at(*location, subject="project_hooks", hooks=describe_hooks(own))


def _package_hooks(project: Project) -> Iterator[Finding]:
    """SCH217: hooks of packages, which run in every task."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for hook in project.hooks:
        if not hook.own and hook.package != _OUR_PACKAGE:
            kinds[hook.package].append(hook.kind)
    for package, found in kinds.items():
        words = {"package": package, "kinds": " and ".join(dict.fromkeys(found))}
        yield SCH217.at(str(project.folder / "dbt_project.yml"), subject=package, **words)


PLUGIN = Check(team=check)
