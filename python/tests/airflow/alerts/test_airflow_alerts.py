"""The alerts that a run of real tasks sends, read from the log channel."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event

import pytest
import structlog
from airflow.api_fastapi.execution_api.datamodels.taskinstance import TIRunContext
from airflow.callbacks.callback_requests import TaskCallbackRequest
from airflow.dag_processing.processor import _execute_task_callbacks
from airflow.models import Connection
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance, clear_task_instances
from airflow.utils.session import create_session
from msgspec.structs import replace
from sqlalchemy import select, update

from airflow_names import TaskInstanceDTO
from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry, python
from dbt_scheduler.airflow.alerts.messages import Promise, TaskRun
from dbt_scheduler.airflow.alerts.sending import Destination, send_all_clear, send_slo_miss
from dbt_scheduler.registry.backend import RegistryUnreadableError
from harness import Platform, airflows_own_warnings
from older_airflow import airflow_has
from slack import Slack, listening

WAIT = "wait_for__hard_dependencies.dim"
RUN = "http://airflow.example/dags/playground_daily/runs/scheduled__2025-03-02T00%3A10%3A00%2B00%3A00/tasks"
RESUMES = "When the task finishes successfully on the producers' side, your DAG will resume automatically."
UNREGISTERED = "This DAG is not in the registry, so this run does not resume automatically: clear the sensor when the asset is ready."
SECRET = "xoxb-secret"  # noqa: S105 - nobody's
DATE = "Date interval start: 2025-03-01 00:10:00+00:00"


class Alerts:
    """The messages in the log channel."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    @property
    def texts(self) -> list[str]:
        return [
            record.getMessage().removeprefix("Alert for #team:\n")
            for record in self._caplog.records
            if record.name == "dbt_scheduler.airflow.alerts.transports.log"
        ]


@pytest.fixture
def alerts(caplog: pytest.LogCaptureFixture) -> Alerts:
    return Alerts(caplog)


def clear(run_id: str, *task_ids: str) -> None:
    """Clear these tasks, like a user in the UI."""
    with create_session() as session, airflows_own_warnings():
        found = session.scalars(
            select(TaskInstance).where(TaskInstance.run_id == run_id, TaskInstance.task_id.in_(task_ids))
        ).all()
        clear_task_instances(list(found), session)


def a_reader(**rest: object) -> object:
    """A DAG with a sensor and two tasks that read its asset."""
    wait = a_wait("dim", **rest)
    return a_spec(
        a_task("marts.mine", upstream=(wait.task_id,), owners=("@mine",)),
        a_task("marts.yours", upstream=(wait.task_id, "marts.mine"), owners=("@yours", "@mine")),
        sensors=(wait,),
        channel="#team",
        alert_tags=("@amazing.person",),
    )


def test_one_message_for_a_failed_task_with_retries(platform: Platform, alerts: Alerts) -> None:
    failing = a_task("marts.bad", fails=True, retries=2, owners=("@some.owner.team",))
    after = a_task("marts.after", upstream=("marts.bad",))
    platform.deploy(a_spec(failing, after, channel="#team", alert_tags=("@amazing.person",)))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.states("playground_daily") == {"marts.bad": "failed", "marts.after": "upstream_failed"}
    assert alerts.texts == [
        "playground_daily task failure 🚧\n"
        f"{DATE}\n"
        f"marts.bad - view logs ({RUN}/marts.bad?try_number=3)\n"
        "@some.owner.team, @amazing.person"
    ]


def test_a_failure_lists_held_up_teams_and_a_missing_asset_its_owner(
    platform: Platform, alerts: Alerts
) -> None:
    site = {"channel": "#team", "site_url": "https://registry.example.com"}
    failing = a_task("marts.dim", fails=True, assets=("shipping.dim",))
    wait = a_wait("dim")
    reader = a_spec(a_task("marts.mine", upstream=(wait.task_id,)), sensors=(wait,), **site)
    platform.deploy(a_spec(failing, team="shipping", **site), reader)
    platform.publish("shipping", an_entry("dim", "daily"))
    platform.publish("playground", a_wait_entry(reader))
    for number in range(6):
        other = a_spec(a_task("marts.a", upstream=(wait.task_id,)), team=f"team_{number}", sensors=(wait,))
        platform.publish(other.team, a_wait_entry(other))
    for dag_id in ("shipping_daily", "playground_daily"):
        platform.run(dag_id, "2025-03-01T00:10")
    platform.work()
    platform.let_time_pass()
    platform.work()
    why = "https://registry.example.com/#/why"
    run = "run=scheduled__2025-03-02T00%3A10%3A00%2B00%3A00"
    assert [text.splitlines()[3:] for text in alerts.texts] == [
        [
            "Affected teams: playground (#playground), team_0 (#team_0), team_1 (#team_1), team_2 (#team_2), team_3 (#team_3) and 2 more teams.",
            f"Why? ({why}/shipping_daily/marts.dim?{run})",
        ],
        [
            "When the task finishes successfully on the producers' side, your DAG will resume automatically.",
            "dim is produced by shipping_daily marts.dim of shipping (#shipping).",
            f"Why? ({why}/playground_daily/{WAIT}?{run})",
        ],
    ]


@pytest.mark.parametrize(
    ("prefix", "published"), [("", True), ("pr_7_", True), ("", False)], ids=["", "pull-request", "new-team"]
)
def test_a_dependency_failure_names_the_root_cause_and_its_owner(
    airflow: Platform, alerts: Alerts, monkeypatch: pytest.MonkeyPatch, prefix: str, *, published: bool
) -> None:
    monkeypatch.setattr("dbt_scheduler.airflow.alerts.others._SECONDS", 60)
    wait = a_wait("dim")
    reader = a_spec(a_task("marts.mine", upstream=(wait.task_id,)), sensors=(wait,), channel="#team")
    tasks = (a_task("staging.raw", fails=True), a_task("marts.dim", upstream=("staging.raw",)))
    deployed = replace(reader, dag_id=f"{prefix}{reader.dag_id}")
    airflow.deploy(a_spec(*tasks, team="shipping"), deployed)
    airflow.publish("shipping", an_entry("dim", "daily"))
    if published:
        airflow.publish("playground", a_wait_entry(reader))
    for dag_id in ("shipping_daily", deployed.dag_id):
        airflow.run(dag_id, "2025-03-01T00:10")
    airflow.work()
    airflow.let_time_pass()
    airflow.work()
    said = next(text for text in alerts.texts if text.startswith(deployed.dag_id)).splitlines()
    assert said[3] == (RESUMES if published and not prefix else UNREGISTERED)
    assert said[4].startswith("Root cause: shipping_daily staging.raw of shipping (#shipping) failed at ")


@pytest.mark.parametrize(
    ("hanging", "said"),
    [
        ("dbt_scheduler.airflow.registry.read_registry", []),
        (
            "dbt_scheduler.explain.chain.Explainer.explain",
            ["dim is produced by shipping_daily marts.dim of shipping (#shipping)."],
        ),
    ],
)
def test_an_alert_does_not_wait_for_a_registry_or_an_api_that_hangs(
    airflow: Platform, alerts: Alerts, monkeypatch: pytest.MonkeyPatch, hanging: str, said: list[str]
) -> None:
    wait = a_wait("dim")
    reader = a_spec(a_task("marts.mine", upstream=(wait.task_id,)), sensors=(wait,), channel="#team")
    airflow.deploy(reader)
    airflow.publish("shipping", an_entry("dim", "daily"))
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.work()
    airflow.let_time_pass()
    sent, waited_for = Event(), []

    def hang(*_: object) -> None:
        if not sent.wait(20):
            waited_for.append(hanging)

    monkeypatch.setattr("dbt_scheduler.airflow.alerts.others._SECONDS", 1)
    monkeypatch.setattr(hanging, hang)
    airflow.work()
    sent.set()
    assert waited_for == []
    assert [text.splitlines()[4:] for text in alerts.texts] == [said]


def test_a_sensor_that_gives_up(platform: Platform, alerts: Alerts) -> None:
    platform.deploy(a_reader())
    platform.publish("playground", a_wait_entry(a_reader()))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    platform.let_time_pass()
    platform.work()
    assert set(platform.states("playground_daily").values()) == {"failed", "upstream_failed"}
    assert alerts.texts == [
        "playground_daily dependency failure 🚧\n"
        f"{DATE}\n"
        f"{WAIT} - view logs ({RUN}/{WAIT}?try_number=1)\n"
        "When the task finishes successfully on the producers' side, your DAG will resume automatically.\n"
        "dim is produced by shipping_daily marts.dim of shipping.\n"
        "@mine, @yours, @amazing.person"
    ]


def test_a_sensor_whose_producer_is_gone(platform: Platform, alerts: Alerts) -> None:
    platform.deploy(a_reader())
    platform.publish("shipping", an_entry("other", "daily"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("playground_daily", WAIT) == "failed"
    assert [text.splitlines()[-2] for text in alerts.texts] == [
        "shipping no longer produces dim. Ask #shipping for its replacement."
    ]


def test_a_soft_wait_that_continues_sends_no_alert(platform: Platform, alerts: Alerts) -> None:
    platform.deploy(a_reader(dependency="soft"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    platform.let_time_pass()
    platform.work()
    assert platform.state("playground_daily") == "success"
    assert alerts.texts == []


def test_a_sensor_that_fails_again_alerts_only_if_it_was_satisfied_meanwhile(
    platform: Platform, alerts: Alerts
) -> None:
    platform.deploy(a_reader())
    run = platform.run("playground_daily", "2025-03-01T00:10")
    everything = (WAIT, "marts.mine", "marts.yours")
    for expected in (1, 1):
        platform.work()
        platform.let_time_pass()
        platform.work()
        assert platform.state("playground_daily", WAIT) == "failed"
        assert len(alerts.texts) == expected
        clear(run, *everything)
    platform.set_state("playground_daily", WAIT, run, "success")  # by whomever
    platform.work()
    assert platform.state("playground_daily") == "success"
    clear(run, *everything)
    platform.work()
    platform.let_time_pass()
    platform.work()
    assert len(alerts.texts) == 2


def test_a_task_that_fails_again_alerts_only_if_it_succeeded_meanwhile(
    platform: Platform, alerts: Alerts
) -> None:
    switch = platform.dags / "broken"
    code = f"import pathlib; raise SystemExit(pathlib.Path({str(switch)!r}).exists())"
    platform.deploy(a_spec(a_task("marts.leaf", command=python(code), retries=1), channel="#team"))
    run = platform.run("playground_daily", "2025-03-01T00:10")
    again = 0 if airflow_has("the task state store") else 1
    for broken, expected in ((True, 1), (True, 1 + again), (False, 1 + again), (True, 2 + again)):
        switch.touch() if broken else switch.unlink()
        platform.work()
        assert platform.state("playground_daily", "marts.leaf") == ("failed" if broken else "success")
        assert len(alerts.texts) == expected
        clear(run, "marts.leaf")


def test_a_task_whose_worker_died(platform: Platform, alerts: Alerts) -> None:
    platform.deploy(a_spec(a_task("marts.lost"), channel="#team"))
    platform.run("playground_daily", "2025-03-01T00:10")
    tell_of_dead_workers(platform)
    assert alerts.texts == [
        f"playground_daily task failure 🚧\n{DATE}\nmarts.lost - view logs ({RUN}/marts.lost)"
    ]


def test_many_tasks_whose_workers_died_read_the_registry_once(
    platform: Platform, alerts: Alerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = [a_task(f"marts.lost_{number}", assets=(f"playground.a{number}",)) for number in range(3)]
    platform.deploy(a_spec(*lost, channel="#team"))
    platform.run("playground_daily", "2025-03-01T00:10")
    asked = []

    def refuse(url: str, _: float) -> None:
        asked.append(url)
        raise RegistryUnreadableError("it cannot be reached")

    monkeypatch.setattr("dbt_scheduler.airflow.registry.read_registry", refuse)
    tell_of_dead_workers(platform)
    assert len(alerts.texts) == 3
    assert len(asked) == 1


def tell_of_dead_workers(platform: Platform) -> None:
    """Fail tasks without a heartbeat, like the DAG processor."""
    with create_session() as session:
        session.execute(update(DagRun).values(start_date=datetime.now(UTC)))
        requests = [
            TaskCallbackRequest(
                filepath="playground_daily.py",
                bundle_name="dags-folder",
                bundle_version=None,
                msg="heartbeat timeout",
                ti=TaskInstanceDTO.model_validate(ti, from_attributes=True),
                context_from_server=TIRunContext.model_validate(
                    {"dag_run": ti.dag_run, "max_tries": 0}, from_attributes=True
                ),
            )
            for ti in session.scalars(select(TaskInstance))
        ]
    dags = platform.parse()
    for request in requests:
        _execute_task_callbacks(dags, request, structlog.get_logger())


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    with listening() as slack:
        made = Connection(
            conn_id="c", conn_type="slack", password=SECRET, extra=json.dumps({"base_url": slack.url})
        )
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", made.get_uri())
        yield slack


def test_a_failed_task_alerts_slack(platform: Platform, slack: Slack) -> None:
    failing = a_task("marts.bad", fails=True, owners=("@some.owner.team",))
    platform.deploy(a_spec(failing, channel="#team", alert_channel="slack"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert slack.posted == [
        {
            "channel": "#team",
            "text": "playground_daily task failure 🚧\n"
            f"{DATE}\n"
            f"<{RUN}/marts.bad?try_number=1|marts.bad - view logs>\n"
            "<!subteam^S0OWNERS>",
            "unfurl_links": False,
        }
    ]


@pytest.mark.parametrize("channel", ["slack", "pigeon"])
def test_a_broken_channel_leaves_the_tasks_as_they_are(
    platform: Platform, slack: Slack, caplog: pytest.LogCaptureFixture, channel: str
) -> None:
    slack.answers["chat.postMessage"] = [(500, {}, "oops")]
    platform.deploy(
        a_spec(
            a_task("a", fails=True),
            a_task("b", upstream=("a",)),
            a_task("c"),
            channel="#team",
            alert_channel=channel,
        )
    )
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.states("playground_daily") == {"a": "failed", "b": "upstream_failed", "c": "success"}
    assert "The alert could not be sent: " in caplog.text
    assert SECRET not in caplog.text


def test_what_others_see_from_outside(alerts: Alerts) -> None:
    to = Destination("log", "slack_default", "#team", ("@them",))
    start = datetime(2025, 3, 1, 0, 10, tzinfo=UTC)
    late = Promise("dim", start, "failed")
    assert send_slo_miss(to, TaskRun("shipping_daily", "marts.dim", start, ""), late)
    assert send_all_clear(to, TaskRun("playground_daily", WAIT, start, ""))
    assert [text.splitlines()[0] for text in alerts.texts] == [
        "shipping_daily SLO miss ⏰",
        "playground_daily dependency arrived ✅",
    ]
