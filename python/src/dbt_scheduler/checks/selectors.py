"""Rules about the default selector of dbt."""

from collections.abc import Iterator, Mapping

from dbt_scheduler.checks import Check
from dbt_scheduler.config.yaml import load_yaml
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.graph.workspace import Team, Workspace

SCH115 = Rule(
    code="SCH115",
    severity=Severity.NOTE,
    summary="The default selector excludes the checks of the dbt package",
    message='the default selector "{selector}" excludes the dbt_scheduler package, which checks the project in `dbt compile`',
    hint="add {method: package, value: dbt_scheduler} to its union in selectors.yml",
    why="Without --select or --selector, dbt compiles only what the default selector selects. `dbt "
    "compile` then runs none of the scheduling checks, and reports no problems.",
    example="""\
# selectors.yml
selectors:
  - {name: only_mine, default: true, definition: {method: package, value: shop}}
""",
    fix="Add the package to the selector, or run `dbt compile --select package:dbt_scheduler "
    "--no-populate-cache` in CI, which ignores the default selector.",
)

_CHECKS = "macro.dbt_scheduler.validate"
_WITH_THE_CHECKS = {"*", "fqn:*", "dbt_scheduler", "package:dbt_scheduler"}


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH115: the default selector includes neither the dbt package, which the project has, nor everything.

    Reads the file, because the manifest has the selectors of dbt's last full parse.
    """
    path = team.project.folder / "selectors.yml"
    if _CHECKS not in team.project.manifest.macros:
        return
    document, _ = load_yaml(path)
    value = document.value if document else None
    selectors = value.get("selectors") if isinstance(value, Mapping) else None
    for index, selector in enumerate(selectors if isinstance(selectors, list) else ()):
        if not isinstance(selector, Mapping) or selector.get("default") is not True:
            continue
        if document and not _WITH_THE_CHECKS & set(_texts(selector.get("definition"))):
            name = str(selector.get("name"))
            line = document.line(("selectors", index))
            yield SCH115.at(str(path), line, subject=name, selector=name)


def _texts(value: object) -> Iterator[str]:
    queue = [value]
    while queue:
        part = queue.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, Mapping):
            queue += part.values()
        elif isinstance(part, list):
            queue += part


PLUGIN = Check(team=check)
