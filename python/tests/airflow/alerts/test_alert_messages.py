"""The exact text of alerts."""

from datetime import UTC, datetime, timedelta, timezone

from dbt_scheduler.airflow.alerts import messages
from dbt_scheduler.airflow.alerts.messages import Link, Message, Promise, TaskRun, plain
from dbt_scheduler.airflow.alerts.slack_markup import escape, markup
from dbt_scheduler.airflow.alerts.transports import transports
from dbt_scheduler.airflow.sweep import _in_turn
from dbt_scheduler.airflow_api.answers import TaskInstance
from dbt_scheduler.config.schema.validation import load_schema
from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.resume.slo_misses import SloMiss
from dbt_scheduler.schedule import Interval

OWNERS = ("@some.owner.team", "@some.owner.person")
START = datetime(2025, 9, 9, 0, 10, tzinfo=UTC)
LOGS = "http://airflow.example/dags/d/runs/r/tasks/t"


def a_run(dag_id: str, task_id: str, url: str = "") -> TaskRun:
    return TaskRun(dag_id, task_id, START, url)


def test_task_failure() -> None:
    message = messages.task_failure(a_run("supply_daily", "marts.mrt_my_model"), OWNERS)
    assert plain(message) == (
        "supply_daily task failure 🚧\n"
        "Date interval start: 2025-09-09 00:10:00+00:00\n"
        "marts.mrt_my_model - view logs\n"
        "@some.owner.team, @some.owner.person"
    )


def test_lines_about_other_teams_come_after_the_link_to_the_log() -> None:
    others = (
        "Affected teams: audit (#audit\n<!channel>).",
        Link("Why?", "https://registry.example.com/#/why/d/t?run=r"),
    )
    message = messages.task_failure(a_run("supply_daily", "marts.mrt_my_model"), OWNERS, others)
    assert plain(message).splitlines()[2:] == [
        "marts.mrt_my_model - view logs",
        "Affected teams: audit (#audit\\n<!channel>).",
        "Why? (https://registry.example.com/#/why/d/t?run=r)",
        "@some.owner.team, @some.owner.person",
    ]
    assert "<!channel>" not in markup(message, escape)
    assert "<https://registry.example.com/#/why/d/t?run=r|Why?>" in markup(message, escape)


def test_dependency_failure() -> None:
    run = a_run("transactions_daily", "wait_for__hard_dependencies.mrt_my_model")
    assert plain(messages.dependency_failure(run, OWNERS)) == (
        "transactions_daily dependency failure 🚧\n"
        "Date interval start: 2025-09-09 00:10:00+00:00\n"
        "wait_for__hard_dependencies.mrt_my_model - view logs\n"
        "When the task finishes successfully on the producers' side, your DAG will resume automatically.\n"
        "@some.owner.team, @some.owner.person"
    )


def test_dependency_failure_that_will_not_resume() -> None:
    run = a_run("transactions_daily", "wait_for__hard_dependencies.mrt")
    reason = "supply no longer produces mrt. Ask #supply for its replacement."
    assert plain(messages.dependency_failure(run, (), reason)) == (
        "transactions_daily dependency failure 🚧\n"
        "Date interval start: 2025-09-09 00:10:00+00:00\n"
        "wait_for__hard_dependencies.mrt - view logs\n"
        "supply no longer produces mrt. Ask #supply for its replacement."
    )


def test_slo_miss() -> None:
    run = a_run("supply_daily", "marts.mrt_my_model", LOGS)
    due = datetime(2025, 9, 10, 6, 10, tzinfo=UTC)
    assert plain(messages.slo_miss(run, OWNERS, Promise("mrt_my_model", due, "running"))) == (
        "supply_daily SLO miss ⏰\n"
        "Date interval start: 2025-09-09 00:10:00+00:00\n"
        f"marts.mrt_my_model - view logs ({LOGS})\n"
        "mrt_my_model was due by 2025-09-10 06:10:00+00:00 and is not ready yet: the task is running.\n"
        "@some.owner.team, @some.owner.person"
    )
    assert "the task is not started." in plain(messages.slo_miss(run, (), Promise("mrt_my_model", due, None)))


def test_words_of_another_team_look_like_no_second_alert() -> None:
    run = a_run("supply_daily", "marts.mrt")
    due = datetime(2025, 9, 10, 6, 10, tzinfo=UTC)
    hostile = "x\nshop_daily task failure 🚧\u2028::error::\x1b[31m"
    shown = "x\\nshop_daily task failure 🚧\\u2028::error::\\x1b[31m"
    late = messages.slo_miss(run, (hostile,), Promise(hostile, due, None))
    gone = messages.dependency_failure(
        run, (hostile,), f"supply no longer produces mrt. Ask {hostile} for its replacement."
    )
    for message in (late, gone):
        lines = plain(message).split("\n")
        assert len(lines) == 5
        assert lines[-1] == shown
        assert shown in lines[3]
        assert len(markup(message, escape).split("\n")) == 5


def test_all_clear_tags_no_user() -> None:
    run = a_run("transactions_daily", "wait_for__hard_dependencies.mrt_my_model")
    assert plain(messages.all_clear(run)) == (
        "transactions_daily dependency arrived ✅\n"
        "Date interval start: 2025-09-09 00:10:00+00:00\n"
        "wait_for__hard_dependencies.mrt_my_model - view logs\n"
        "Your DAG has resumed."
    )


def test_a_moment_is_written_in_utc_and_a_person_is_tagged_once() -> None:
    there = START.astimezone(timezone(timedelta(hours=3)))
    message = messages.task_failure(TaskRun("d", "t", there, ""), ("@me", "@you", "@me"))
    assert plain(message).endswith("2025-09-09 00:10:00+00:00\nt - view logs\n@me, @you")


def test_slack_markup() -> None:
    message = messages.task_failure(
        a_run("supply_daily", "marts.mrt", LOGS), ("@amazing.person", "!subteam^S05VAFP4A6N", "U012ABCDEF")
    )
    assert markup(message, escape) == (
        "supply_daily task failure 🚧\n"
        "Date interval start: 2025-09-09 00:10:00+00:00\n"
        f"<{LOGS}|marts.mrt - view logs>\n"
        "@amazing.person, <!subteam^S05VAFP4A6N>, <@U012ABCDEF>"
    )


def test_hostile_text_stays_text_in_slack() -> None:
    hostile = Message(
        lines=(
            "<!channel> & <http://evil|click>",
            Link("a|b<c>", "https://x/?a=1&b=<2>|3"),
            Link("x", "javascript:0"),
        ),
        tags=("<!here>", "!subteam^S1>x", "!command^x"),
    )
    assert markup(hostile, escape) == (
        "&lt;!channel&gt; &amp; &lt;http://evil|click&gt;\n"
        "<https://x/?a=1&amp;b=&lt;2&gt;%7C3|a¦b&lt;c&gt;>\n"
        "x\n"
        "&lt;!here&gt;, !subteam^S1&gt;x, !command^x"
    )


def test_the_platform_may_name_the_channels_there_are() -> None:
    assert load_schema("platform")["properties"]["alerting"]["properties"]["channel"]["enum"] == [
        *transports()
    ]


def test_a_team_with_very_many_missed_slos_does_not_block_others_alerts() -> None:
    start = datetime(2025, 9, 9, tzinfo=UTC)

    def miss(team: str, asset: str) -> SloMiss:
        task = TaskInstance(dag_id=f"{team}_daily", run_id="r", task_id=asset, state=None, run_after=start)
        return SloMiss(AssetKey(team, asset), task, Interval(start, start), start)

    evil, shop = [miss("evil", f"a{number}") for number in range(3)], [miss("shop", "a")]
    assert [*_in_turn([*evil, *shop])] == [evil[0], shop[0], evil[1], evil[2]]
