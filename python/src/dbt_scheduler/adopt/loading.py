"""Loads the projects to compare: folders, or manifests only."""

from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from dbt_scheduler.adopt.files import ProjectFiles, read_files
from dbt_scheduler.findings.catalogue.assets import SCH313
from dbt_scheduler.findings.finding import CannotRunError, Finding
from dbt_scheduler.project.loading import load_bare_manifest, load_project
from dbt_scheduler.project.types import Project


class Subject(msgspec.Struct, frozen=True):
    """A project, and its files if the folder is available."""

    project: Project
    files: ProjectFiles | None


def load_subjects(
    places: Iterable[Path], pipelines: Collection[str], manifest: Path | None = None
) -> list[Subject]:
    """Load every project folder or manifest file; the result is sorted by team.

    Raises:
        CannotRunError: some could not be loaded, with all reasons, or two have the same team.

    """
    subjects: dict[str, Subject] = {}
    reasons: list[Finding] = []
    for place in places:
        try:
            subject = _load(place, pipelines, manifest)
        except CannotRunError as error:
            reasons += error.findings
            continue
        team = subject.project.team
        other = subjects.setdefault(team, subject)
        if other is not subject:
            reasons.append(SCH313.at(str(place), subject=team, team=team, other=other.project.folder))
    if reasons:
        raise CannotRunError(reasons)
    return [subject for _, subject in sorted(subjects.items())]


def _load(place: Path, pipelines: Collection[str], manifest: Path | None) -> Subject:
    if place.is_file() or place.name.endswith((".json", ".json.gz")):
        return Subject(load_bare_manifest(place, pipelines).project, None)
    project = load_project(place, pipelines, manifest or _manifest(place)).project
    declaring = {table.file for table in project.tables.values() if not table.is_global}
    return Subject(project, read_files(place, declaring))


def _manifest(folder: Path) -> Path:
    plain, packed = folder / "target" / "manifest.json", folder / "target" / "manifest.json.gz"
    return packed if packed.is_file() and not plain.is_file() else plain
