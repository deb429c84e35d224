"""SCH33: who may publish a team."""

from dbt_scheduler.findings.finding import Rule

SCH331 = Rule(
    code="SCH331",
    can_be_ignored=False,
    summary="A team that this project may not publish",
    message='team "{team}" cannot be published from here: {problem}',
    hint="ask the platform team to list this project and repository under `teams` in platform.yaml, or set another `team` in scheduler.yaml",
    why="The registry has one entry per team. A project that takes another team's name would replace what that team "
    "makes, and every reader would wait for the wrong tasks. A team cannot ignore this finding.",
    example="""\
# platform.yaml
teams:
  shipping: {project: shipping_dbt, repository: github.com/acme/shipping}

# scheduler.yaml of the dbt project mallory
team: shipping
""",
    fix="Set the team's own name in `scheduler.yaml`, or have the platform team list the team with its dbt project and "
    "repository.",
)
SCH332 = Rule(
    code="SCH332",
    can_be_ignored=False,
    summary="Two teams whose names differ only in case",
    message='team "{team}" differs from team "{other}" only in case',
    hint="choose another `team` in scheduler.yaml",
    why="On a disk that ignores case both are the same file of the registry, and one team would replace the other. "
    "A team cannot ignore this finding.",
    example="A team `Shipping` where the registry already has the team `shipping`.",
    fix="Name the team differently.",
)
