"""A group of commands whose options may also be given before the command's name."""

from collections.abc import Iterator

import click


class Group(click.Group):
    """Hands options before a command's name on to the command; of one given twice, the later counts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As if options before the command's name stood right behind it."""
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

    def _length(self, ctx: click.Context, word: str) -> int:
        """Of how many words an option of a command consists; 0 if it is none, or one of this group's own."""
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
