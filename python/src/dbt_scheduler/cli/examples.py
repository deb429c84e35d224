"""The examples at the end of a command's ``--help``."""


def examples(*commands: str) -> str:
    """The ``epilog`` of a command; each example is what follows ``dbt-scheduler`` on the command line."""
    title = "Example" if len(commands) == 1 else "Examples"
    # \b keeps click from joining the lines.
    return "\n".join(["\b", f"{title}:", *(f"  dbt-scheduler {command}" for command in commands)])
