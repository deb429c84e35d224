"""The operations at the start and the end of a DAG run."""

from collections.abc import Iterator

from dbt_scheduler.findings.catalogue.tasks import SCH215
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace


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
