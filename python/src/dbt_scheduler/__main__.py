"""``python -m dbt_scheduler``, and the command ``dbt-scheduler``."""

import sys

_INTERRUPTED = 130
"""The exit code of the command line, also before it is imported."""


def program() -> None:
    """Run the command line in its own process."""
    try:
        # Not above: Ctrl-C during the import would print a traceback.
        from dbt_scheduler.cli import program as run  # noqa: PLC0415

        run()
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    program()
