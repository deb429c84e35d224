"""``platform.yaml``: found, merged with the defaults, and rejected if anything in it is wrong."""

from pathlib import Path

import pytest

from build import PLATFORM, World, node, source
from dbt_scheduler.config.platform import DEFAULT_PLATFORM, find_platform, load_platform
from dbt_scheduler.config.schema.messages import either, shown
from dbt_scheduler.findings.finding import CannotRunError
from dbt_scheduler.kinds.places import PlaceSettings, places_of
from dbt_scheduler.registry.stores import schemes
from dbt_scheduler.spec import Schedule

SCHEMES = ", ".join(f"{name}:" for name in schemes())
EXAMPLES = " or ".join(scheme.examples[0] for scheme in schemes().values())


def platform(folder: Path, text: str) -> tuple[object, list[str]]:
    path = folder / "platform.yaml"
    path.write_text(text)
    config, findings = load_platform(path)
    return config, [f"{f.line}: {f.code} {f.message} | {f.hint}" for f in findings]


def test_the_default_platform():
    config, findings = load_platform(DEFAULT_PLATFORM)
    assert findings == ()
    assert config is not None
    assert config.pipelines["daily"].schedule == Schedule("10 0 * * *", "UTC", "day", "2025-01-01")
    assert list(config.pipelines) == ["hourly", "daily"]
    assert config.places["universal"] == PlaceSettings(where="local", image=None, pool="dbt_scheduler")
    assert config.registry_url is None
    assert config.dbt.options == ()


def test_given_keys_override_the_default_ones(tmp_path):
    config, findings = load_platform(DEFAULT_PLATFORM)
    (tmp_path / "platform.yaml").write_text(
        """\
version: 1
pipelines:
  weekly: {cron: "0 6 * * 1", grain: week, catchup: true, max_active_runs: 7}
defaults: {retries: 0, poll_interval: {seconds: 2}}
dbt: {target: prod, profiles_dir: /srv/profiles}
kinds: {vertex-ai: {project: my-project}}
registry: {url: file:registry}
"""
    )
    changed, findings = load_platform(tmp_path / "platform.yaml")
    assert findings == ()
    assert config is not None
    assert changed is not None
    assert list(changed.pipelines) == ["weekly"]
    weekly = changed.pipelines["weekly"]
    assert weekly.schedule == Schedule("0 6 * * 1", "UTC", "week", "2025-01-01")
    assert (weekly.catchup, weekly.max_active_runs, weekly.line) == (True, 7, 3)
    assert (changed.defaults.retries, changed.defaults.poll_interval_seconds) == (0, 2)
    assert changed.defaults.timeout_seconds == config.defaults.timeout_seconds
    assert changed.dbt.options == ("--target", "prod", "--profiles-dir", "/srv/profiles")
    assert changed.places["vertex-ai"].settings == {"project": "my-project", "machine_type": "n1-standard-4"}
    assert changed.registry_url == f"file://{tmp_path.resolve()}/registry"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("defaults: {retrys: 1}", '2: SCH405 unknown key "retrys" in "defaults" | did you mean "retries"?'),
        (
            "dbt: {environment: {pass: ['*']}}",
            '2: SCH405 item 1 of "dbt.environment.pass" must match the pattern',
        ),
        (
            "kinds: {universal: {environment: {pass: ['AIRFLOW_CONN_*']}}}",
            '2: SCH405 item 1 of "kinds.universal.environment.pass" must not be "AIRFLOW_CONN_*"',
        ),
        ("dbt: {queue: 'a,b'}", '2: SCH405 "dbt.queue" must match the pattern ^[^\\s,]+$, not "a,b"'),
        ("dbt: {priority: 1.5}", '2: SCH405 "dbt.priority" must be an integer or empty, not 1.5'),
        (
            "kinds: {universal: {priority: -2147483649}}",
            '2: SCH405 "kinds.universal.priority" must be at least -100000, not -2147483649',
        ),
        (
            "defaults: {max_retry_delay: 3600}",
            '2: SCH405 "defaults.max_retry_delay" must be a mapping or empty, not 3600',
        ),
        (
            "defaults: {max_retry_delay: {hours: 0}}",
            '2: SCH405 "defaults.max_retry_delay" must not be {hours: 0}',
        ),
        ("pipelines: {}", '2: SCH405 "pipelines" must have at least 1 key'),
        *(
            (
                f"defaults: {{{key}: {{minutes: 0, seconds: 0}}}}",
                f'2: SCH405 "defaults.{key}" must not be {{minutes: 0, seconds: 0}} | for example {{hours: 6}}',
            )
            for key in ("timeout", "wait_timeout", "poll_interval")
        ),
        (
            "registry: {url: 'file:../registry'}",
            '2: SCH405 "file:../registry" must not contain ".."',
        ),
        ("registry: {url: 'file:a/%2e%2e/b'}", '2: SCH405 "file:a/%2e%2e/b" must not contain ".."'),
        (
            "registry: {url: 'gs://bucket/'}",
            '2: SCH405 "gs://bucket/" is not the URL of a bucket: use gs://bucket or gs://bucket/a/prefix, without a trailing slash'
            f" | for example {EXAMPLES}",
        ),
        ("registry: {url: 'ftp://host/x'}", f"2: SCH405 registry URLs start with {SCHEMES}, not with ftp"),
        (
            "pipelines:\n  daily: {cron: '0 */6 * * *', grain: day}",
            '3: SCH406 pipeline "daily": ',
        ),
        (
            "pipelines:\n  daily: {cron: '0 1 * * *'}\n  Daily: {cron: '0 2 * * *'}",
            '4: SCH405 the names of pipelines "daily" and "Daily" differ only in case | rename one of them: ',
        ),
        ("pipelines:\n  daily: {cron: 'at noon'}", '3: SCH406 pipeline "daily": cron "at noon" '),
    ],
)
def test_what_is_wrong_in_a_platform_stops(tmp_path, text, expected):
    config, findings = platform(tmp_path, f"version: 1\n{text}\n")
    assert config is None
    assert len(findings) == 1
    assert findings[0].startswith(expected)


def test_no_time_between_two_tries_is_a_time(tmp_path):
    config, findings = platform(tmp_path, "version: 1\ndefaults: {retry_delay: {seconds: 0}}\n")
    assert findings == []
    assert config.defaults.retry_delay_seconds == 0


def where(kind):
    return either([shown(name) for name in places_of(kind)])


def test_a_place_that_does_not_exist_is_refused_with_those_that_do(tmp_path):
    text = "version: 1\ndbt:\n  where: nowhere\nkinds: {vertex-ai: {where: xyz}, universal: {where: locl}}\n"
    config, findings = platform(tmp_path, text)
    assert config is None
    assert findings == [
        f'3: SCH405 "dbt.where" must be {where("dbt")}, not "nowhere" | for example "local"',
        f'4: SCH405 "kinds.universal.where" must be {where("universal")}, not "locl" | did you mean "local"?',
        f'4: SCH405 "kinds.vertex-ai.where" must be {where("vertex-ai")}, not "xyz" | for example "vertex-ai"',
    ]


def test_the_variables_that_a_platform_passes_are_in_the_spec(tmp_path):
    world = World(
        tmp_path,
        f"{PLATFORM}dbt: {{environment: {{pass: [DBT_ENV_SECRET_*]}}}}\n"
        "kinds: {universal: {environment: {}}, vertex-ai: {where: local, environment: {pass: [TOKEN]}}}\n",
    )
    world.team(
        "shop",
        node("a", pipelines=["daily"]),
        source("raw.b"),
        source("raw.c"),
        text="tasks:\n"
        "  - {kind: universal, name: b, pipelines: [daily], assets: [b], command: x}\n"
        "  - {kind: vertex-ai, name: c, pipelines: [daily], assets: [c], command: x}\n",
    )
    passed = {task.kind: task.arguments.get("pass_env") for task in world.spec("shop_daily").tasks}
    assert passed == {"dbt": ["DBT_ENV_SECRET_*"], "universal": None, "vertex-ai": ["TOKEN"]}


def test_a_missing_platform_file(tmp_path):
    config, findings = load_platform(tmp_path / "platform.yaml")
    assert config is None
    assert [f.code for f in findings] == ["SCH401"]


def test_a_file_that_is_a_link_to_nowhere_is_not_passed_over(tmp_path, monkeypatch):
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "platform.yaml").symlink_to("gone.yaml")
    assert find_platform([tmp_path]) == Path("platform.yaml")
    (tmp_path / "platform.yaml").unlink()
    world = World(tmp_path)
    project = world.team("shop", node("orders"))
    (project / "scheduler.yaml").unlink(missing_ok=True)
    (project / "scheduler.yaml").symlink_to("gone.yaml")
    with pytest.raises(CannotRunError, match="SCH401"):
        world.open()


def test_the_nearest_platform_file(tmp_path, monkeypatch):
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    monkeypatch.chdir(tmp_path)
    teams = [tmp_path / "teams" / name for name in ("shop", "audit")]
    for team in teams:
        team.mkdir(parents=True)
    assert find_platform(teams) == DEFAULT_PLATFORM
    (tmp_path / "platform.yaml").write_text("version: 1\n")
    assert find_platform(teams) == Path("platform.yaml")
    assert find_platform([]) == DEFAULT_PLATFORM
    (teams[0] / "platform.yaml").write_text("version: 1\n")
    assert find_platform(teams[:1]) == Path("teams/shop/platform.yaml")
    with pytest.raises(
        CannotRunError, match=r"found two platform.yaml files: teams/shop/platform.yaml and platform.yaml"
    ):
        find_platform(teams)
    monkeypatch.setenv("DBT_SCHEDULER_PLATFORM", "other.yaml")
    assert find_platform(teams) == Path("other.yaml")
    assert find_platform(teams, Path("named.yaml")) == Path("named.yaml")


def test_a_platform_with_another_ending_is_not_skipped_silently(tmp_path, monkeypatch):
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("teams/shop").mkdir(parents=True)
    Path("teams/platform.yml").write_text("version: 1\n")
    with pytest.raises(
        CannotRunError,
        match=r"^teams/platform.yml: SCH405 this file is not read: it has to be named platform.yaml$",
    ):
        find_platform([Path("teams/shop")])
    assert find_platform([Path()]) == DEFAULT_PLATFORM
    assert find_platform([Path("teams/shop")], Path("teams/platform.yml")) == Path("teams/platform.yml")
    monkeypatch.chdir("teams/shop")
    assert find_platform([Path()]) == DEFAULT_PLATFORM  # above the working directory it may be anything
    Path("../platform.yaml").touch()
    assert find_platform([Path()]) == Path("../platform.yaml").resolve()
