"""`dbt-scheduler` in this process, as its user sees it."""

from click.testing import CliRunner, Result

from dbt_scheduler.cli import main


def run(*arguments: str, code: int = 0, env: dict[str, str] | None = None) -> Result:
    """What the command prints; it has to end with this exit code, and never with a traceback."""
    result = CliRunner().invoke(main, arguments, env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result
