"""Runs `dbt-scheduler` in this process."""

from click.testing import CliRunner, Result

from dbt_scheduler.cli import main


def run(*arguments: str, code: int = 0, env: dict[str, str] | None = None) -> Result:
    """The result of the command, which must end with this exit code, and never with a traceback."""
    result = CliRunner().invoke(main, arguments, env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result
