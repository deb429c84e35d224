"""The operations at the start and the end of a DAG run, and dbt's own hooks."""

from collections import defaultdict
from collections.abc import Iterator

from dbt_scheduler.config.types import PlatformConfig, ProjectHooks
from dbt_scheduler.findings.catalogue.tasks import SCH215, SCH216, SCH217
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.hooks import hooks_in_words
from dbt_scheduler.project.types import Project

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
