"""``scheduler.yaml`` as values, and the findings about errors in it."""

from pathlib import Path

import pytest

from dbt_scheduler.config.schema.messages import either, shown
from dbt_scheduler.config.team import load_team_config
from dbt_scheduler.config.types import (
    Alerting,
    DbtSettings,
    DbtTests,
    ExposedAssets,
    Ignore,
    TaskConfig,
    TeamConfig,
)
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.kinds import kinds

KINDS = either([shown(name) for name, kind in kinds().items() if kind.declared])

FULL = """\
version: 0.17
team: playground
dag_prefix: play
tags: [tag_1, long_tag]
alerting:
  channel: "#some-alerts-channel"
  tag: ["@amazing.person", "!subteam^S05VAFP4A6N"]
dbt_settings:
  enabled: yes
  on_run_start: [stage_external_sources]
  on_run_end: [send_warnings_message]
  tests: after
tasks:
  - kind: universal
    name: my_task
    group: some_task_group_name
    pipelines: [daily]
    conditions: [some_source, input_dbt_model]
    assets: [produced_output_table]
    timeout: {minutes: 30}
    retries: 0
    owners: ["@some.owner.team"]
    image: image_name:tag
    command: poetry run python -m "my module"
  - kind: vertex-ai
    group: predictions
    conditions: [input_dbt_model]
    assets: [shop.predictions]
    region: europe-west1
exposed_assets:
  - regex: "dim_.*"
    slo: {daily: {hours: 6, minutes: 30}}
  - regex: fct_.*
ignore:
  - {code: SCH305, on: dim_old, because: "removed next quarter"}
"""


def load(folder: Path, text: str) -> tuple[TeamConfig | None, tuple[Finding, ...]]:
    path = folder / "scheduler.yaml"
    path.write_text(text)
    return load_team_config(path)


def reported(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{f.line}: {f.code} {f.message} | {f.hint}" for f in findings]


def test_every_key(tmp_path):
    config, findings = load(tmp_path, FULL)
    assert findings == ()
    assert config == TeamConfig(
        team="playground",
        dag_prefix="play",
        tags=("tag_1", "long_tag"),
        alerting=Alerting("#some-alerts-channel", ("@amazing.person", "!subteam^S05VAFP4A6N")),
        dbt_settings=DbtSettings(
            enabled=True,
            on_run_start=("stage_external_sources",),
            on_run_end=("send_warnings_message",),
            tests=DbtTests.AFTER,
            line=8,
        ),
        tasks=(
            TaskConfig(
                kind="universal",
                name="my_task",
                group="some_task_group_name",
                pipelines=("daily",),
                conditions=("some_source", "input_dbt_model"),
                assets=("produced_output_table",),
                timeout_seconds=1800,
                retries=0,
                owners=("@some.owner.team",),
                image="image_name:tag",
                command=("poetry", "run", "python", "-m", "my module"),
                line=14,
            ),
            TaskConfig(
                kind="vertex-ai",
                name="shop__predictions",
                group="predictions",
                conditions=("input_dbt_model",),
                assets=("shop.predictions",),
                settings={"region": "europe-west1"},
                line=25,
            ),
        ),
        exposed_assets=(ExposedAssets("dim_.*", {"daily": 23400}, 31), ExposedAssets("fct_.*", None, 33)),
        ignore=(Ignore("SCH305", "removed next quarter", "dim_old", 35),),
        line=3,
    )


@pytest.mark.parametrize("text", ["version: 0.17\n", "version: '0.17'\n"])
def test_all_but_the_version_may_be_left_out(tmp_path, text):
    assert load(tmp_path, text) == (TeamConfig(), ())


def test_one_tag_needs_no_list(tmp_path):
    config, _ = load(tmp_path, 'version: 0.17\nalerting: {tag: "@amazing.person"}\n')
    assert config is not None
    assert config.alerting.tag == ("@amazing.person",)


@pytest.mark.parametrize("version", ["0.170", "0.9", "1", "1.0", "'0.18'", "0.17.1", "2025-01-01", "on"])
def test_another_version_is_refused(tmp_path, version):
    config, findings = load(tmp_path, f"# mine\nversion: {version}\nunknown: 1\n")
    assert config is None
    assert reported(findings) == [
        f"2: SCH202 version {version.strip(chr(39))} is not supported | supported versions: 0.17"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: SCH201 the top level must be a mapping, not empty"),
        ("- version: 0.17\n", "1: SCH201 the top level must be a mapping, not a list"),
        ("team: shop\n", '1: SCH201 "version" is missing'),
        (
            "a: [b\n",
            '1: SCH404 invalid YAML: the list opened with "[" is not closed, or a comma is missing',
        ),
    ],
)
def test_invalid_files(tmp_path, text, message):
    config, findings = load(tmp_path, text)
    assert config is None
    assert [line.partition(" | ")[0] for line in reported(findings)] == [message]


def test_all_problems_at_once_and_what_is_right_is_kept(tmp_path):
    text = (
        FULL.replace("timeout: {", "timeuot: {")
        .replace("hours: 6", "hours: -6")
        .replace("enabled: yes", "enabled: 1")
    )
    text = text.replace("[tag_1, long_tag]", "[on, 5, kept]").replace("team: playground", "team: ../etc")
    config, findings = load(
        tmp_path, text.replace('channel: "#some-alerts-channel"', "channel: #some-alerts-channel")
    )
    assert sorted(reported(findings)) == [
        '20: SCH201 unknown key "timeuot" in item 1 of "tasks" | did you mean "timeout"?',
        '2: SCH201 "team" must match the pattern ^[A-Za-z0-9_][A-Za-z0-9_-]*$, not "../etc"'
        ' | for example "playground"',
        '32: SCH201 "slo.daily.hours" must be at least 0, not -6 | for example 6',
        '4: SCH201 item 1 of "tags" must be a string, not true'
        ' | YAML parses on as true: to keep it as a string, write "on"',
        '4: SCH201 item 2 of "tags" must be a string, not 5 | put it in quotes: "5"',
        '6: SCH201 "alerting.channel" must be a string, not empty'
        ' | YAML parses #some-alerts-channel as a comment: to keep it as a string, write "#some-alerts-channel"',
        '9: SCH201 "dbt_settings.enabled" must be a boolean, not 1 | for example false',
    ]
    assert config is not None
    assert (config.team, config.tags, config.alerting.channel) == (None, ("kept",), None)
    assert [task.name for task in config.tasks] == ["my_task", "shop__predictions"]
    assert config.exposed_assets[0] == ExposedAssets("dim_.*", {"daily": 1800}, 31)


def test_a_wrong_task_goes_and_the_others_keep_their_lines(tmp_path):
    config, findings = load(
        tmp_path,
        """\
version: 0.17
tasks:
  - kind: universal
    command: x
  - kind: universal
    assets: [a]
  - {kind: vertex, name: b}
  - {kind: universal, name: c, image: i, machine_type: n1-standard-8}
  - d
  - {kind: vertex-ai, name: e}
""",
    )
    assert [line.partition(" | ")[0] for line in reported(findings)] == [
        '3: SCH201 "assets" is missing in item 1 of "tasks"',
        '5: SCH201 "command" is missing in item 2 of "tasks"',
        f'7: SCH201 "kind" must be {KINDS}, not "vertex"',
        '8: SCH201 "machine_type" must not be "n1-standard-8"',
        '9: SCH201 item 5 of "tasks" must be a mapping, not "d"',
    ]
    assert config is not None
    assert [(task.name, task.line) for task in config.tasks] == [("c", 8), ("e", 10)]


def test_a_timeout_and_an_slo_must_be_positive(tmp_path):
    text = """\
version: 0.17
tasks:
  - {kind: vertex-ai, name: a, timeout: {hours: 0, minutes: 0}}
  - {kind: vertex-ai, name: b, timeout: {hours: 1, minutes: 0}}
exposed_assets:
  - {regex: a, slo: {daily: {hours: 0}}}
"""
    config, findings = load(tmp_path, text)
    assert reported(findings) == [
        '6: SCH201 "slo.daily" must not be {hours: 0} | for example {hours: 6}',
        '3: SCH201 "timeout" must not be {hours: 0, minutes: 0} | for example {hours: 6}',
    ]
    assert config is not None
    assert [task.timeout_seconds for task in config.tasks] == [None, 3600]


def test_duplicate_names(tmp_path):
    text = "version: 0.17\ntasks:\n  - {kind: vertex-ai, name: a}\n  - {kind: vertex-ai, assets: [a]}\n"
    config, findings = load(tmp_path, text)
    assert reported(findings) == [
        '4: SCH204 two tasks are named "a" | rename one of them: the other task is defined on line 3'
    ]
    assert config is not None
    assert len(config.tasks) == 1


@pytest.mark.parametrize(
    ("regex", "problem"),
    [
        ("*_daily", "no argument for repetition operator: *"),
        ("dim_(", "missing ): dim_("),
        ("a{9999}", "invalid repetition size: {9999}"),
        ("(?=a)b", "invalid perl operator: (?="),
    ],
)
def test_a_regex_that_does_not_compile(tmp_path, regex, problem):
    config, findings = load(tmp_path, f"version: 0.17\nexposed_assets:\n  - regex: '{regex}'\n  - regex: a\n")
    assert reported(findings) == [
        f'3: SCH210 "{regex}" is not a valid regular expression: {problem} | to match any text, use ".*"'
    ]
    assert config is not None
    assert config.exposed_assets == (ExposedAssets("a", None, 4),)


def test_a_command_with_an_open_quote(tmp_path):
    _, findings = load(
        tmp_path, "version: 0.17\ntasks:\n  - {kind: universal, name: a, command: echo it's}\n"
    )
    assert reported(findings) == [
        '3: SCH201 the command of task "a" has an unclosed quote or a trailing backslash: echo it\'s'
        " | close the quote, or escape it with a backslash if it is meant literally"
    ]


def test_a_command_with_a_null_character(tmp_path):
    _, findings = load(
        tmp_path, 'version: 0.17\ntasks:\n  - {kind: universal, name: a, command: "echo \\0"}\n'
    )
    assert reported(findings) == ['3: SCH201 the command of task "a" contains a null character | remove it']


def test_a_note_where_yaml_reads_otherwise_and_it_fits(tmp_path):
    text = "version: 0.17\ntasks:\n  - {kind: vertex-ai, name: a, retries: 010, timeout: {minutes: 10:30}}\n"
    config, findings = load(tmp_path, text)
    assert reported(findings) == [
        '3: SCH411 tasks[0].retries: YAML parses 010 as 8 | if it is meant as a string, quote it: "010"',
        "3: SCH411 tasks[0].timeout.minutes: YAML parses 10:30 as 630"
        ' | if it is meant as a string, quote it: "10:30"',
    ]
    assert config is not None
    assert config.tasks[0].retries == 8


def test_anchors_are_shared_and_yet_taken_apart(tmp_path):
    text = "version: 0.17\ntasks:\n  - &t {kind: vertex-ai, name: a, retries: -1}\n  - {<<: *t, name: b}\n"
    config, findings = load(tmp_path, text)
    assert [f.line for f in findings] == [3, 3]
    assert config is not None
    assert [(task.name, task.retries) for task in config.tasks] == [("a", None), ("b", None)]


@pytest.mark.parametrize(
    ("text", "line"),
    [("team: shop\n", 2), ("team: shop\ntags: [a]\ndag_prefix: shops\n", 4), ("tags: [a]\n", 0)],
)
def test_the_line_that_names_the_dags(tmp_path, text, line):
    path = tmp_path / "scheduler.yaml"
    path.write_text(f"version: 0.17\n{text}")
    config, findings = load_team_config(path)
    assert findings == ()
    assert config is not None
    assert config.line == line


def test_two_point_nothing_is_an_integer_as_json_schema_has_it(tmp_path):
    text = (
        "version: 0.17\ntasks: [{kind: universal, name: a, command: b, retries: 2.0, timeout: {minutes: 30.0}}]\n"
        "exposed_assets: [{regex: a, slo: {daily: {hours: 2.0}}}]\n"
    )
    config, findings = load(tmp_path, text)
    assert findings == ()
    assert config is not None
    [task], [exposed] = config.tasks, config.exposed_assets
    assert repr((task.retries, task.timeout_seconds, exposed.slo)) == "(2, 1800, {'daily': 7200})"


def test_a_team_is_a_tag_and_no_longer_than_airflow_lets_tags_be(tmp_path):
    _, findings = load(tmp_path, f"version: 0.17\nteam: {'t' * 101}\n")
    assert [f"{finding.line}: {finding.code}" for finding in findings] == ["2: SCH201"]


def test_what_is_written_as_null_is_not_to_be_put_in_quotes(tmp_path):
    _, findings = load(tmp_path, "version: 0.17\ntags: [~]\n")
    assert reported(findings) == [
        '2: SCH201 item 1 of "tags" must be a string, not empty | for example "finance"',
    ]


def test_an_slo_without_a_pipeline(tmp_path):
    _, findings = load(tmp_path, "version: 0.17\nexposed_assets:\n  - {regex: a, slo: {hours: 6}}\n")
    assert reported(findings) == [
        '3: SCH201 "slo.hours" must be a mapping, not 6 | an SLO is set for each pipeline: for example {daily: {hours: 6}}'
    ]


@pytest.mark.parametrize("text", ["", "# later\n"])
def test_an_empty_file(tmp_path, text):
    _, findings = load(tmp_path, text)
    assert reported(findings) == [
        "1: SCH201 the top level must be a mapping, not empty | the file is empty, or has only comments: add its keys, or delete it"
    ]


def test_the_words_of_a_value_do_not_decide_its_hint(tmp_path):
    _, findings = load(tmp_path, "version: 0.17\nteam: must be a string, not 5\n")
    assert reported(findings) == [
        '2: SCH201 "team" must match the pattern ^[A-Za-z0-9_][A-Za-z0-9_-]*$, not "must be a string, not 5"'
        ' | for example "playground"'
    ]
