"""The operations at the start and the end of a DAG run."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace

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


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
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


PLUGIN = Check(team=check)
