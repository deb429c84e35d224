"""SCH4: a registry, or an entry of it, that cannot be read or written."""

from dbt_scheduler.findings.finding import Rule

SCH409 = Rule(
    code="SCH409",
    summary="A registry entry cannot be read",
    message='the registry entry of team "{team}" cannot be read: {problem}',
    hint="the next publish of that team writes it again",
    why="What that team exposes and consumes is unknown until its entry is readable. Other teams' "
    "entries still count. It is an error for a team that reads tables which may be that team's, a warning for that team itself, and a note for others.",
    example="""\
registry/shipping.json: SCH409 the registry entry of team "shipping" cannot be read: it ends in the middle
  hint: the next publish of that team writes it again
""",
    fix="Let that team publish again. For an entry in a newer format, install a newer dbt-scheduler.",
)
SCH412 = Rule(
    code="SCH412",
    summary="The registry cannot be read",
    message="the registry cannot be read: {problem}",
    hint="see that its URL is right and that you may read it: --registry, else registry.url in platform.yaml",
    why="Without the registry nobody knows what other teams make.",
    example="`--registry ftp://example.com/registry`: there is no store of that kind.",
    fix="Correct the URL, or ask the platform team for access.",
)
SCH413 = Rule(
    code="SCH413",
    summary="A registry entry was changed by somebody else",
    message="the entry of team {team} was {what} by somebody else since this was compiled",
    hint="compile again with this registry, and publish that",
    why="What was compiled has not seen what is in the registry now, and publishing it would undo that. Of two "
    "publishes of one team the first wins, and the second is refused with this.",
    example="""\
$ dbt-scheduler publish out
out/registry/shop.json: SCH413 the entry of team shop was published by somebody else since this was compiled
  hint: compile again with this registry, and publish that
nothing was published
""",
    fix="Compile again, with the registry named by --registry or by registry.url in platform.yaml, so that `compile` "
    "notes the entry's version in OUT/base. If this happens often, let your CI publish one commit at a time.",
)
SCH414 = Rule(
    code="SCH414",
    summary="A compiled entry cannot be published",
    message="this cannot be published: {problem}",
    hint="compile again, with this release of dbt-scheduler",
    why="A damaged entry, or one under another team's name, would be every consumer's problem.",
    example="""\
$ cp out/registry/shop.json out/registry/sales.json
$ dbt-scheduler publish out
out/registry/sales.json: SCH414 this cannot be published: it is another team's
  hint: compile again, with this release of dbt-scheduler
""",
    fix="Let `dbt-scheduler compile` write the folder, and change nothing in it.",
)
SCH415 = Rule(
    code="SCH415",
    summary="The registry cannot be written",
    message="the registry cannot be written: {problem}",
    hint="see that its URL is right and that you may write there; what was there before is still whole",
    why="An entry is replaced at once or not at all.",
    example="""\
$ dbt-scheduler publish out --registry file:///read-only
/read-only/shop.json: SCH415 the registry cannot be written: permission denied
""",
    fix="Ask the platform team for access, or make room, and publish again.",
)
SCH423 = Rule(
    code="SCH423",
    summary="The registry does not exist",
    message="the registry does not exist yet",
    hint="see that its URL is right; the first `dbt-scheduler publish` makes it",
    why="An answer from an empty registry would be that nobody makes or reads anything.",
    example="""\
$ dbt-scheduler registry list --registry file:///srv/registri
file:///srv/registri: SCH423 the registry does not exist yet
  hint: see that its URL is right; the first `dbt-scheduler publish` makes it
""",
    fix="Correct `--registry`, or `registry.url` in `platform.yaml`.",
)
