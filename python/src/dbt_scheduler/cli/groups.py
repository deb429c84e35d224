"""A group of commands with help in sections, and with options that may also be given before a command's name."""

from collections.abc import Iterable, Iterator, Mapping

import click

from dbt_scheduler.findings.suggest import suggest

_LONGEST_SUMMARY = 200
"""In characters."""


class Group(click.Group):
    """Passes options before a command's name to the command; if an option is given twice, the last one counts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move the options before the command's name to right after it."""
        own: list[str] = []
        moved: list[str] = []
        rest = [*args]
        while rest and rest[0].startswith("-"):
            length = self._length(ctx, rest[0])
            (moved if length else own).extend(rest[: length or 1])
            del rest[: length or 1]
        if moved and not own and not rest:
            raise click.UsageError("Missing command.", ctx)
        if rest:
            rest[1:1] = moved
        return super().parse_args(ctx, [*own, *rest])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the most similar command for an unknown one: click does so only for commands that are imported."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            meant = suggest(args[0], self.list_commands(ctx))
            if not meant:
                raise
            raise click.UsageError(f"No such command {args[0]!r}. Did you mean {meant!r}?", ctx) from None

    def sections(self, ctx: click.Context) -> Mapping[str, Iterable[str]]:
        """The headings of the help, each with its commands."""
        return {"Commands": self.list_commands(ctx)}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections, each command with its full first sentence, which click would truncate to one line."""
        for section, names in self.sections(ctx).items():
            with formatter.section(section):
                formatter.write_dl([(name, self._summary(ctx, name)) for name in names])

    def _summary(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(_LONGEST_SUMMARY) if command else ""

    def _length(self, ctx: click.Context, word: str) -> int:
        """The number of words of a command's option, with its value; 0 if it is another word or the group's option."""
        name, equals, _ = word.partition("=")
        if any(name in parameter.opts for parameter in self.get_params(ctx)):
            return 0
        for option in _options(self, ctx):
            if name in option.opts:
                return 1 if equals or option.is_flag else 2
        return 0


def _options(group: click.Group, ctx: click.Context) -> Iterator[click.Option]:
    """The options of all commands in a group."""
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from _options(command, ctx)
        elif command is not None:
            yield from (each for each in command.params if isinstance(each, click.Option))
