"""What dbt leaves out where nobody says what to select."""

from collections.abc import Iterator, Mapping

from dbt_scheduler.config.yaml import load_yaml
from dbt_scheduler.findings.catalogue.nodes import SCH115
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace

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
