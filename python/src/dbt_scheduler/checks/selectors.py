"""What dbt leaves out where nobody says what to select."""

from collections.abc import Iterator, Mapping

from dbt_scheduler.checks import Check
from dbt_scheduler.config.yaml import load_yaml
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.graph.workspace import Team, Workspace

SCH115 = Rule(
    code="SCH115",
    severity=Severity.NOTE,
    summary="A default selector leaves the dbt package's checks out",
    message='the default selector "{selector}" leaves out what checks the project in `dbt compile`',
    hint="add {method: package, value: dbt_scheduler} to its union in selectors.yml",
    why="Without --select or --selector dbt renders only what the default selector names. `dbt compile` then finds "
    "nothing wrong with the scheduling, because it looks at none of it.",
    example="""\
# selectors.yml
selectors:
  - {name: only_mine, default: true, definition: {method: package, value: shop}}
""",
    fix="Name the package in the selector, or in CI run `dbt compile --select package:dbt_scheduler "
    "--no-populate-cache`, which no default selector changes.",
)

_CHECKS = "macro.dbt_scheduler.validate"
_WITH_THE_CHECKS = {"*", "fqn:*", "dbt_scheduler", "package:dbt_scheduler"}


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH115: the default selector names neither the dbt package, which the project has, nor everything.

    The file is looked at, because a manifest keeps the selectors of dbt's last full parse.
    """
    path = team.project.folder / "selectors.yml"
    if _CHECKS not in team.project.manifest.macros or not path.is_file():
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
