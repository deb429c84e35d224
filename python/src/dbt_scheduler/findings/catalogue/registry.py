"""SCH4: rules about reading and writing the registry and its entries."""

from dbt_scheduler.findings.finding import Rule

SCH409 = Rule(
    code="SCH409",
    summary="A registry entry cannot be read",
    message='the registry entry of team "{team}" cannot be read: {problem}',
    hint="that team's next publish replaces the entry",
    why="The assets and consumers of that team are unknown until its entry is readable. Other teams' "
    "entries are still used. The severity is an error for teams that may read tables of that team, a "
    "warning for that team itself, and a note for all others.",
    example="""\
registry/shipping.json: SCH409 the registry entry of team "shipping" cannot be read: the file is truncated
  hint: that team's next publish replaces the entry
""",
    fix="Ask that team to publish again. If the entry has a newer format, upgrade dbt-scheduler.",
)
SCH412 = Rule(
    code="SCH412",
    summary="The registry cannot be read",
    message="the registry cannot be read: {problem}",
    hint="check the URL and your read permissions; the URL is --registry, or else registry.url in platform.yaml",
    why="Other teams' assets are known only from the registry.",
    example="`--registry ftp://example.com/registry`: this kind of registry is not supported.",
    fix="Correct the URL, or ask the platform team for read access.",
)
SCH413 = Rule(
    code="SCH413",
    summary="A registry entry has changed since it was compiled",
    message="the registry entry of team {team} has been {what} since this version was compiled",
    hint="run `dbt-scheduler compile` again with this registry, then publish",
    why="The compiled entry is based on an older version of the registry entry, and publishing it would "
    "undo the changes made since. If a team publishes twice at the same time, the first publish "
    "succeeds and the second is rejected with this finding.",
    example="""\
$ dbt-scheduler publish out
out/registry/shop.json: SCH413 the registry entry of team shop has been published since this version was compiled
  hint: run `dbt-scheduler compile` again with this registry, then publish
nothing was published
""",
    fix="Compile again with the registry set by --registry or by registry.url in platform.yaml: `compile` "
    "then records the version of the entry in OUT/base. If this happens often, configure your CI to "
    "publish one commit at a time.",
)
SCH414 = Rule(
    code="SCH414",
    summary="A compiled entry cannot be published",
    message="the compiled entry cannot be published: {problem}",
    hint="compile again with this release of dbt-scheduler",
    why="A corrupted entry, or an entry under another team's name, would break every consumer.",
    example="""\
$ cp out/registry/shop.json out/registry/sales.json
$ dbt-scheduler publish out
out/registry/sales.json: SCH414 the compiled entry cannot be published: it belongs to another team
  hint: compile again with this release of dbt-scheduler
""",
    fix="Publish the folder exactly as `dbt-scheduler compile` wrote it.",
)
SCH415 = Rule(
    code="SCH415",
    summary="The registry cannot be written",
    message="the registry cannot be written: {problem}",
    hint="check the URL and your write permissions; the existing entry is unchanged",
    why="An entry is replaced atomically: a failed publish leaves the existing entry unchanged.",
    example="""\
$ dbt-scheduler publish out --registry file:///read-only
/read-only/shop.json: SCH415 the registry cannot be written: permission denied
""",
    fix="Ask the platform team for write access, or free disk space, then publish again.",
)
SCH423 = Rule(
    code="SCH423",
    summary="The registry does not exist",
    message="the registry does not exist yet",
    hint="check the URL; the first `dbt-scheduler publish` creates the registry",
    why="If a missing registry were read as empty, a wrong URL would look like a registry without any "
    "assets or consumers.",
    example="""\
$ dbt-scheduler registry list --registry file:///srv/registri
file:///srv/registri: SCH423 the registry does not exist yet
  hint: check the URL; the first `dbt-scheduler publish` creates the registry
""",
    fix="Correct `--registry`, or `registry.url` in `platform.yaml`.",
)
