"""``adopt``: proposes declarations for projects that already read each other's tables."""

from pathlib import Path
from typing import Any

import click

from dbt_scheduler.adopt.loading import load_subjects
from dbt_scheduler.adopt.proposal import propose
from dbt_scheduler.adopt.text import render_summary
from dbt_scheduler.adopt.types import Proposal
from dbt_scheduler.adopt.writing import encode_proposal, write_proposal
from dbt_scheduler.checks.hooks import dbt_hooks
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.output import Output
from dbt_scheduler.cli.session import Options, read_platform, read_registry_and_warn
from dbt_scheduler.cli.shared import (
    FOLDER,
    FOLDER_OR_FILE,
    exit_on_error,
    print_findings,
    progress,
    project_options,
    say,
)
from dbt_scheduler.compiler.writing import write_errors_as_findings
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import printable_json

_OUTPUT = Output[Proposal](
    {"text": render_summary, "json": lambda proposal: printable_json(encode_proposal(proposal))}
)


@click.command(epilog=examples("adopt shop shipping --out proposals"))
@click.argument("places", metavar="DIR...", nargs=-1, required=True, type=FOLDER_OR_FILE)
@click.option("--out", type=FOLDER, required=True, help="The folder to write the proposals to.")
@_OUTPUT.option
@project_options
def adopt(places: tuple[Path, ...], out: Path, style: str, **options: Any) -> None:  # noqa: ANN401 - from click
    """Propose global_assets and exposed_assets for projects that already read each other's tables.

    DIR is a dbt project, or only its manifest. The command does not change the projects.
    """
    settings = Options(**options)
    if settings.manifest and len(places) > 1:
        raise click.UsageError("--manifest requires exactly one DIR")
    with exit_on_error():
        folders = [place if place.is_dir() else place.parent for place in places]
        platform, _ = read_platform(folders, settings)
        registry = read_registry_and_warn(platform, settings).entries
        subjects = load_subjects(progress(places), platform.pipelines, settings.manifest)
        if len({*registry, *(subject.project.team for subject in subjects)}) == 1:
            raise click.UsageError(
                "nothing to compare: specify at least two DIRs, or a registry that contains teams"
            )
        proposal = propose(subjects, registry)
        with write_errors_as_findings(out):
            write_proposal(out, proposal)
        _OUTPUT.show(style, proposal)
        print_findings([mention for subject in subjects for mention in dbt_hooks(subject.project, platform)])
        say(f"{format_count(len(proposal.texts), 'file')} for review written to {out}")
