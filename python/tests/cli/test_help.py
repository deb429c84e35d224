"""The help of groups of commands."""

import re

import pytest
from click.testing import CliRunner

from dbt_scheduler.cli import main


@pytest.mark.parametrize("group", [(), ("registry",), ("history",)])
def test_each_command_has_its_whole_first_sentence(group: tuple[str, ...]) -> None:
    helped = CliRunner().invoke(main, [*group, "--help"]).output
    assert "..." not in helped.replace("[ARGS]...", "")
    commands = re.findall(r"^  [a-z]+  +[A-Z](?:.|\n {4})*\.$", helped, re.MULTILINE)
    listed = re.findall(r"^  ([a-z]+)  ", helped, re.MULTILINE)
    assert len(commands) == len(listed) > 0


def test_sections_have_all_commands() -> None:
    helped = CliRunner().invoke(main, ["--help"]).output
    assert [line for line in helped.splitlines() if line.endswith("commands:")] == [
        "Team commands:",
        "Registry commands:",
        "Airflow commands:",
    ]
    assert "  doctor    Check the platform, and show how to fix each problem.\n" in helped
