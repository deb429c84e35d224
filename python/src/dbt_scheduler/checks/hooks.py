"""The operations at the start and the end of a DAG run, and dbt's own hooks."""

from collections import defaultdict
from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.config.types import PlatformConfig, ProjectHooks
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.hooks import hooks_in_words
from dbt_scheduler.project.types import Project

SCH215 = Rule(
    code="SCH215",
    summary="on_run_start or on_run_end names no macro",
    message='dbt_settings.{hook}: macro "{macro}" does not exist',
    hint="write the name of a macro of this project or of a package, without brackets",
    why="The operation would fail in every DAG run: an on_run_start before the first model, an "
    "on_run_end after the last.",
    example="""\
# scheduler.yaml
dbt_settings:
  on_run_start: [stage_external_source]   # the macro is stage_external_sources
""",
    fix="Correct the name, or add the macro or the package that holds it.",
)
SCH216 = Rule(
    code="SCH216",
    severity=Severity.NOTE,
    summary="The project's own dbt hooks run once per DAG run",
    message="these hooks run once per DAG run, not in every dbt task: {hooks}",
    hint="write dbt_settings.project_hooks in scheduler.yaml: once, if that is right; every_task, if models need what "
    "a hook does in its own session, such as SET or ATTACH; never",
    why="dbt runs a project's on-run-start and on-run-end hooks in each invocation, and each task of a DAG is one. "
    "So they run once instead: on-run-start before all other dbt tasks, which do not start if it fails, and on-run-end "
    "after them, whatever became of them, with `results` of all of them. A hook that changes only its own session, or "
    "with DuckDB its own process, no longer changes those of the models. Hooks of packages run in every dbt task.",
    example="""\
# dbt_project.yml
on-run-start: "create table if not exists {{ target.schema }}.audit (at timestamp)"
on-run-end: "{{ report(results) }}"
""",
    fix="Decide it: `dbt_settings: {project_hooks: once}` in `scheduler.yaml`, or `every_task`, or `never`.",
)
SCH217 = Rule(
    code="SCH217",
    severity=Severity.NOTE,
    summary="A package's dbt hooks run in every dbt task",
    message='the {kinds} hooks of package "{package}" run in every dbt task',
    hint="if that costs too much, switch them off with the package's own variables",
    why="A package's hooks keep account of each dbt invocation, and each task of a DAG is one: on-run-end gets the "
    "results of that task. `project_hooks` is about the project's own hooks only.",
    example="""\
# packages.yml
packages:
  - {package: elementary-data/elementary, version: 0.19.0}   # uploads the results of each invocation
""",
    fix="Nothing, if the package is wanted; its documentation says what its hooks do and how to switch them off.",
)

_OUR_PACKAGE = "dbt_scheduler"


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """What a team should know of what its runs begin and end with."""
    yield from _operations(team)
    if any(task.kind == "dbt" and task.pipelines for task in team.project.tasks.values()):
        yield from dbt_hooks(team.project, workspace.platform)


def dbt_hooks(project: Project, platform: PlatformConfig) -> Iterator[Finding]:
    """What becomes of dbt's own hooks in a project's DAGs."""
    yield from _own_hooks(project, platform)
    yield from _package_hooks(project)


def _operations(team: Team) -> Iterator[Finding]:
    """SCH215: a hook must name a macro that dbt knows, as ``macro`` or ``package.macro``."""
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
    """SCH216: what dbt would do in every task is done once, and nobody has said that this is meant."""
    own = [hook for hook in project.hooks if hook.own]
    decided = project.config.dbt_settings.project_hooks
    if own and decided is None and platform.dbt.project_hooks is ProjectHooks.ONCE:
        location = (str(project.folder / "dbt_project.yml"), own[0].line)
        yield SCH216.at(*location, subject="project_hooks", hooks=hooks_in_words(own))


def _package_hooks(project: Project) -> Iterator[Finding]:
    """SCH217: the hooks of packages, which run in every task."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for hook in project.hooks:
        if not hook.own and hook.package != _OUR_PACKAGE:
            kinds[hook.package].append(hook.kind)
    for package, found in kinds.items():
        words = {"package": package, "kinds": " and ".join(dict.fromkeys(found))}
        yield SCH217.at(str(project.folder / "dbt_project.yml"), subject=package, **words)


PLUGIN = Check(team=check)
