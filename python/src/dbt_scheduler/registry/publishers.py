"""Checks the dbt project and repository of a team against ``teams`` in ``platform.yaml``."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec


class Publisher(msgspec.Struct, frozen=True):
    """The publisher of a team: the name of its dbt project and its repository, ``host/path``; None: any."""

    project: str | None = None
    repository: str | None = None


Publishers: TypeAlias = Mapping[str, Publisher]
"""By team."""


def project_problem(team: str, project: str | None, publishers: Publishers | None) -> str:
    """Why a dbt project is not allowed to use this team; empty if it is, or if no teams are listed."""
    if publishers is None:
        return ""
    if team not in publishers:
        return "the team is not listed in platform.yaml"
    listed = publishers[team].project
    if listed in (None, project):
        return ""
    return f'platform.yaml assigns it to the dbt project "{listed}", but this project is "{project}"'


def repository_problem(team: str, repository: str | None, publishers: Publishers | None) -> str:
    """Why a repository is not allowed to publish this team, empty if it is; None: not a CI job."""
    listed = publishers[team].repository if publishers and team in publishers else None
    if listed is None or (repository is not None and listed.casefold() == repository.casefold()):
        return ""
    here = f"this repository is {repository}" if repository else "this is not a CI job"
    return f"platform.yaml assigns it to the repository {listed}, but {here}"


def ci_repository(environment: Mapping[str, str]) -> str | None:
    """The repository of a CI job, ``host/path``, from the variables of GitHub and GitLab; None elsewhere.

    A job can set these variables itself: this prevents mistakes, and attacks only if the attacker does not control the
    job's definition.
    """
    if path := environment.get("GITHUB_REPOSITORY"):
        host = environment.get("GITHUB_SERVER_URL", "").rpartition("//")[2]
        return f"{host}/{path}"
    if path := environment.get("CI_PROJECT_PATH"):
        return f"{environment.get('CI_SERVER_HOST', '')}/{path}"
    return None


def same_but_for_case(team: str, others: Iterable[str]) -> str | None:
    """Another team whose name differs only in case; None if there is none."""
    folded = team.casefold()
    return next((other for other in others if other != team and other.casefold() == folded), None)
