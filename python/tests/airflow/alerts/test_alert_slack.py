"""Slack's real client with a Slack on 127.0.0.1: the requests, and the log if sending fails."""

import json
import time
from collections.abc import Iterator

import pytest
from airflow.models import Connection

from dbt_scheduler.airflow.alerts.messages import Message
from dbt_scheduler.airflow.alerts.sending import Destination, send
from dbt_scheduler.airflow.alerts.transports import transports
from slack import Slack, listening

API = Destination("slack", "slack_default", "#alerts")
HOOK = Destination("slack-webhook", "slack_default", "#alerts")
SECRET = "xoxb-very-secret"  # noqa: S105 - nobody's


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    with listening() as slack:
        connection = Connection(
            conn_id="slack_default",
            conn_type="slack",
            password=SECRET,
            extra=json.dumps({"base_url": slack.url}),
        )
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", connection.get_uri())
        yield slack


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    with listening() as slack:
        connection = Connection(
            conn_id="slack_default", conn_type="slackwebhook", password=f"{slack.url}{SECRET}/hook"
        )
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", connection.get_uri())
        yield slack


def an_error(code: str, status: int = 200, **headers: str) -> tuple[int, dict[str, str], str]:
    return status, headers, json.dumps({"ok": False, "error": code})


def test_people_and_groups_are_mentioned(slack: Slack) -> None:
    tags = (
        "@some.owner.team",
        "@some.owner.person",
        "@amazing.person",
        "me@x.org",
        "!subteam^S05VAFP4A6N",
        "@nobody",
    )
    assert send(API, Message(("hello",), tags))
    assert slack.posted == [
        {
            "channel": "#alerts",
            "text": "hello\n<!subteam^S0OWNERS>, <@U0SOMEBODY>, <@U0AMAZING>, <@U0BYMAIL>, <!subteam^S05VAFP4A6N>, @nobody",
            "unfurl_links": False,
        }
    ]


def test_no_lookup_if_all_users_are_known(slack: Slack) -> None:
    assert send(API, Message(("hello",), ("!subteam^S05VAFP4A6N",)))
    assert [method for method, _ in slack.asked] == ["chat.postMessage"]


def test_without_the_scope_to_look_people_up_they_are_named(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    slack.answers = {method: [an_error("missing_scope")] for method in ("usergroups.list", "users.list")}
    assert send(API, Message(("hello",), ("@amazing.person",)))
    assert slack.texts == ["hello\n@amazing.person"]
    assert (
        "Slack users could not be looked up: missing_scope. Check that the app has the scope usergroups:read."
        in caplog.text
    )


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (
            an_error("invalid_auth"),
            "Slack returned invalid_auth. Set the password of the Airflow connection slack_default to a valid bot token.",
        ),
        (
            an_error("channel_not_found"),
            "Slack returned channel_not_found. Check alerting.channel in scheduler.yaml: #alerts. Invite the app if the channel is private.",
        ),
        (an_error("surprise"), "Slack returned surprise."),
        (
            an_error("ratelimited", 429, **{"Retry-After": "60"}),
            "The Slack rate limit was exceeded: too many alerts at once.",
        ),
        ((500, {}, "<html>oops"), "Slack returned HTTP 500."),
        ((200, {}, "<html>oops"), "Slack returned HTTP 200."),
    ],
)
def test_errors_of_slack(
    slack: Slack, caplog: pytest.LogCaptureFixture, answer: object, problem: str
) -> None:
    slack.answers["chat.postMessage"] = [answer]
    assert not send(API, Message(("hello",), ("!here",)))
    assert f"The alert could not be sent: {problem}\nText of the alert:\nhello\n!here" in caplog.text
    assert SECRET not in caplog.text


def test_short_rate_limits_are_waited_for(slack: Slack) -> None:
    slack.answers["chat.postMessage"] = [an_error("ratelimited", 429, **{"Retry-After": "1"})] * 2
    assert send(API, Message(("hello",)))
    assert slack.texts == ["hello", "hello", "hello"]


def test_a_slack_that_hangs_is_not_waited_for(
    slack: Slack, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbt_scheduler.airflow.alerts.transports.slack._TIMEOUT_SECONDS", 1)
    slack.answers = {"usergroups.list": [90], "users.list": [90], "chat.postMessage": [90]}
    began = time.monotonic()
    assert not send(API, Message(("hello",), ("@amazing.person",)))
    assert time.monotonic() - began < 80
    assert "The alert could not be sent: Slack did not respond (TimeoutError)." in caplog.text


def test_no_client_may_exceed_the_time_budget(slack: Slack, caplog: pytest.LogCaptureFixture) -> None:
    slack.answers["chat.postMessage"] = [1]
    assert not send(API, Message(("hello",)), 0.2)
    assert "no response within 0.2 seconds. Check that the worker can reach slack." in caplog.text


def test_a_webhook(hook: Slack) -> None:
    assert send(HOOK, Message(("1 < 2",), ("@amazing.person", "!subteam^S05VAFP4A6N")))
    assert hook.posted == [
        {"text": "1 &lt; 2\n@amazing.person, <!subteam^S05VAFP4A6N>", "unfurl_links": False}
    ]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((403, {}, "invalid_token"), "The Slack webhook returned 403 'invalid_token'."),
        ((500, {}, "oops"), "The Slack webhook returned 500 'oops'."),
        ((429, {"Retry-After": "60"}, "slow down"), "The Slack webhook returned 429 'slow down'."),
    ],
)
def test_errors_of_a_webhook(
    hook: Slack, caplog: pytest.LogCaptureFixture, answer: object, problem: str
) -> None:
    hook.answers["hook"] = [answer]
    assert not send(HOOK, Message(("hello",)))
    assert f"{problem} Check the webhook in the Airflow connection slack_default." in caplog.text
    assert SECRET not in caplog.text


def test_a_webhook_that_hangs(
    hook: Slack, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbt_scheduler.airflow.alerts.transports.slack_webhook._TIMEOUT_SECONDS", 1)
    hook.answers["hook"] = [2]
    assert not send(HOOK, Message(("hello",)))
    assert "The Slack webhook did not respond (TimeoutError)." in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        (API, "the Airflow connection slack_default does not exist or has no token in its password field"),
        (HOOK, "the Airflow connection slack_default does not exist or has no webhook in its password field"),
        (Destination("slack", "slack_default", None), "the team has no channel. Set alerting.channel"),
        (
            Destination("pigeon", "x", "#a"),
            f"unknown alert transport 'pigeon'; available transports: {', '.join(transports())}.",
        ),
    ],
)
def test_errors_without_a_connection(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, to: Destination, problem: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", "slack://")
    assert not send(to, Message(("hello",)))
    assert problem in caplog.text
