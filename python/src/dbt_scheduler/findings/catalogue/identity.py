"""SCH33: rules about which project may publish which team."""

from dbt_scheduler.findings.finding import Rule

SCH331 = Rule(
    code="SCH331",
    can_be_ignored=False,
    summary="The project is not allowed to publish the team",
    message='this project is not allowed to publish team "{team}": {problem}',
    hint="ask the platform team to add this project and repository under `teams` in platform.yaml, or set a different `team` in scheduler.yaml",
    why="The registry has one entry per team. A project that uses another team's name would replace that "
    "team's assets, and consumers would wait for the wrong tasks. A team cannot ignore this finding.",
    example="""\
# platform.yaml
teams:
  shipping: {project: shipping_dbt, repository: github.com/acme/shipping}

# scheduler.yaml of the dbt project mallory
team: shipping
""",
    fix="Set the correct `team` in `scheduler.yaml`, or ask the platform team to add the team with its dbt "
    "project and repository to `platform.yaml`.",
)
SCH332 = Rule(
    code="SCH332",
    can_be_ignored=False,
    summary="Two team names differ only in case",
    message='the names of team "{team}" and team "{other}" differ only in case',
    hint="set a different `team` in scheduler.yaml",
    why="On a case-insensitive file system both teams use the same registry file, and one team would "
    "replace the other. A team cannot ignore this finding.",
    example="A team `Shipping`, when the registry already has a team `shipping`.",
    fix="Rename the team.",
)
