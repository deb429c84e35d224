"""The pages inside Airflow: permissions, and their content for real runs."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
from airflow.api_fastapi.app import get_auth_manager
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from msgspec.structs import replace
from sqlalchemy import update

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_plugin import _app, registry
from dbt_scheduler.compiler.writing import resume_stub
from dbt_scheduler.spec import RESUME_DAG, DagSpec
from harness import Platform, airflows_own_warnings

WAIT = "wait_for__hard_dependencies.dim"
DAY = "2025-03-01T00:10"


def a_producer(*, fails: bool = False) -> DagSpec:
    task = a_task("marts.dim", assets=("shipping.dim",), signals=True, fails=fails)
    return a_spec(task, team="shipping")


def a_consumer() -> DagSpec:
    return a_spec(a_task("marts.mine", upstream=(WAIT,)), sensors=(a_wait("dim"),))


@pytest.fixture
def deployed(airflow: Platform) -> Platform:
    consumer = a_consumer()
    airflow.deploy_sweep(consumer)
    airflow.deploy(a_producer(fails=True), consumer)
    airflow.publish("shipping", an_entry("dim", "daily"))
    airflow.publish("playground", a_wait_entry(consumer))
    return airflow


@pytest.fixture
def pages(deployed: Platform, api_url: str) -> Iterator[httpx.Client]:
    """A browser of a user who is logged in with Airflow's cookie."""
    assert deployed
    _app.cache_clear()  # with its cached registry
    token = httpx.get(f"{api_url}/auth/token").json()["access_token"]
    with httpx.Client(base_url=f"{api_url}/dbt-scheduler/", cookies={"_token": token}, timeout=60) as client:
        yield client


def asked(pages: httpx.Client, name: str, **query: str) -> Any:
    reply = pages.get(f"data/{name}", params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.fixture
def strangers(deployed: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A browser without a login, in an Airflow that requires one."""
    assert deployed
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False")
    with airflows_own_warnings():
        from airflow.api_fastapi.app import create_app  # noqa: PLC0415 - its parts warn of each other
        from fastapi.testclient import TestClient  # noqa: PLC0415

        with TestClient(create_app(apps="core"), base_url="http://airflow.example/dbt-scheduler/") as client:
            yield client


def test_without_a_login_nothing_is_visible(strangers: httpx.Client) -> None:
    for path in ("app.js", "app.css", "nothing", "data/index", "data/why?dag=x", "data/waiting?dag=x&task=y"):
        assert strangers.get(path).status_code == 401, path
        assert strangers.get(path, headers={"Cookie": "_token=forged"}).status_code == 403, path


def test_a_login_leads_back_to_the_pages_and_to_no_host_that_a_request_names(
    strangers: httpx.Client,
) -> None:
    back = "next=http%3A%2F%2Fairflow.example%2Fdbt-scheduler%2F"
    reply = strangers.get("", headers={"Host": "evil.example"}, follow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (307, f"../api/v2/auth/login?{back}")
    login = strangers.get(reply.headers["location"], follow_redirects=False)
    assert login.status_code == 307
    assert unquote(login.headers["location"]) == f"/auth/login?{unquote(back)}"


def test_why_follows_the_wait_into_the_other_teams_dag(deployed: Platform, pages: httpx.Client) -> None:
    for dag_id in ("shipping_daily", "playground_daily"):
        run = deployed.run(dag_id, DAY)
    deployed.work()
    step = asked(pages, "why", dag="playground_daily", task="marts.mine", run=run)
    assert step["text"] == "has not run: waiting for upstream tasks"
    (wait,) = step["because"]
    assert wait["text"].startswith("has been waiting for shipping.dim since")
    (cause,) = wait["because"]
    assert (cause["dag_id"], cause["task_id"], cause["state"]) == ("shipping_daily", "marts.dim", "failed")
    assert (cause["team"], cause["channel"]) == ("shipping", "#shipping")
    assert cause["url"].startswith("http://airflow.example/dags/shipping_daily/runs/")

    of_run = asked(pages, "why", dag="playground_daily", run=run)
    assert of_run["text"] == "is running"
    assert [each["task_id"] for each in of_run["because"]] == ["marts.mine"]

    waiting = asked(pages, "waiting", dag="shipping_daily", task="marts.dim")
    assert [(each["team"], each["dag_id"], each["state"]) for each in waiting["waiting"]] == [
        ("playground", "playground_daily", "deferred")
    ]
    waited = asked(pages, "waiting", dag="playground_daily", task="marts.mine")["waited"]
    assert [(each["asset"], each["state"]) for each in waited] == [("dim", "deferred")]


def test_the_timeline_has_the_runs_and_open_waits(deployed: Platform, pages: httpx.Client) -> None:
    yesterday = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}T00:10"
    for dag_id in ("shipping_daily", "playground_daily"):
        deployed.run(dag_id, yesterday)
    deployed.work()
    history = asked(pages, "history")
    assert {(run["dag_id"], run["state"]) for run in history["runs"]} == {
        ("playground_daily", "running"),
        ("shipping_daily", "failed"),
    }
    (wait,) = asked(pages, "now")["waits"]
    assert (wait["team"], wait["producer_asset"], wait["state"]) == ("playground", "dim", "deferred")


def test_how_often_the_slo_was_met_and_when_assets_landed(
    deployed: Platform, pages: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.deploy(a_producer())
    deployed.publish("shipping", an_entry("dim", "daily", slo_seconds=60))
    for days in (3, 2):
        deployed.run("shipping_daily", f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}T00:10")
    deployed.work()
    index = asked(pages, "index")
    assert asked(pages, "slo", assets="0", of=index["folder"]) == {"slo": [[0, 2]]}
    landings = asked(pages, "landings", assets="0", of=index["folder"])
    assert [(each["asset"], each["met"]) for each in landings["landings"]] == [("dim", False)] * 2
    assert landings["missing"] == []
    for query in ({"assets": "1"}, {"assets": "0", "of": "another"}):
        assert pages.get("data/slo", params=query).status_code == 404
    assert pages.get("data/slo", params={"assets": ["0"] * 101}).status_code == 422
    # # The indexes of another user's document lead to nothing of this user's.
    manager = type(get_auth_manager())
    monkeypatch.setattr(manager, "get_authorized_dag_ids", lambda *_, **__: {"playground_daily"})
    assert pages.get("data/slo", params={"assets": "0", "of": index["folder"]}).status_code == 404
    assert pages.get("data/landings", params={"assets": "0"}).status_code == 404


def test_requests_for_unknown_things(deployed: Platform, pages: httpx.Client) -> None:
    run = deployed.run("playground_daily", DAY)
    of_task = "data/why?dag=playground_daily&task=marts.mine&run="
    of_run = quote(f"{run}/taskInstances/nothing", safe="")
    for path in ("data/why?dag=nothing", f"{of_task}nothing", f"{of_task}{of_run}"):
        reply = pages.get(path)
        assert reply.status_code == 404
        assert "nothing" in reply.json()["detail"]


def test_a_viewer_of_one_team_sees_nothing_of_the_others_dags(
    deployed: Platform, pages: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dag_id in ("shipping_daily", "playground_daily"):
        deployed.run(dag_id, DAY)
    deployed.work()
    manager = type(get_auth_manager())
    monkeypatch.setattr(manager, "get_authorized_dag_ids", lambda *_, **__: {"playground_daily"})
    monkeypatch.setattr(
        manager,
        "is_authorized_dag",
        lambda *_, details=None, **__: details is None or details.id in (None, "playground_daily"),
    )
    assert pages.get("data/why?dag=shipping_daily&task=marts.dim").status_code == 404
    step = asked(pages, "why", dag="playground_daily", task="marts.mine")
    assert "shipping_daily" not in str(step["because"][0]["because"])


def test_every_response_has_a_strict_policy_and_is_not_cached(pages: httpx.Client) -> None:
    for path in ("", "nothing", "data/why?dag=nothing"):
        headers = pages.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_request_of_a_browser_changes_anything(pages: httpx.Client, method: str) -> None:
    for path in ("", "data/why?dag=playground_daily"):
        assert pages.request(method, path).status_code == 405


def test_the_pages_show_the_registry_that_the_sweep_reads(pages: httpx.Client) -> None:
    page = pages.get("")
    assert 'data-source="live"' in page.text
    assert pages.get("app.js").headers["content-type"].startswith("text/javascript")
    index = asked(pages, "index")
    assert [each["name"] for each in index["teams"]] == ["playground", "shipping"]
    assert index["assets"]["name"] == ["dim"]
    assert (index["problems"], index["airflow_url"]) == ([], "http://airflow.example")
    assert asked(pages, "edges")["tasks"] == [
        {"team": 0, "task_id": "marts.mine", "dag_id": "playground_daily"}
    ]
    assert asked(pages, "teams/1")["assets"]["dim"]["consumers"][0]["team"] == "playground"
    assert pages.get("data/teams/2").status_code == 404


def test_documents_that_count_otherwise_than_the_index_are_refused(
    deployed: Platform, pages: httpx.Client
) -> None:
    before = asked(pages, "index")["folder"]
    assert asked(pages, "teams/0", of=before)["name"] == "playground"
    assert asked(pages, "edges", of=before)["tasks"]
    deployed.publish("shipping", an_entry("another", "daily"))
    _app.cache_clear()  # as in another process
    for name in ("teams/0", "edges"):
        reply = pages.get(f"data/{name}", params={"of": before})
        assert reply.status_code == 404
        assert "Reload the page." in reply.json()["detail"]
    assert asked(pages, "teams/0", of=asked(pages, "index")["folder"])["name"] == "playground"


def test_an_unreadable_entry_is_reported_and_the_others_are_shown(
    deployed: Platform, pages: httpx.Client
) -> None:
    (deployed.registry / "shipping.json").write_text("{")
    index = asked(pages, "index")
    assert [each["name"] for each in index["teams"]] == ["playground"]
    assert len(index["problems"]) == 1


def test_an_unreadable_registry_is_reported_and_its_last_contents_are_shown(
    deployed: Platform, pages: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(pages, "index")
    later = time.monotonic() + 60
    monkeypatch.setattr(registry, "time", SimpleNamespace(monotonic=lambda: later))
    deployed.registry.rename(deployed.registry.with_name("elsewhere"))
    deployed.registry.write_text("no folder")
    index = asked(pages, "index")
    assert [each["name"] for each in index["teams"]] == ["playground", "shipping"]
    (problem,) = index["problems"]
    assert problem.startswith("The registry cannot be read.")
    assert "Showing its contents as of" in problem


def test_a_failure_is_reported_without_details(
    deployed: Platform, pages: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.run("playground_daily", DAY)

    def fail(*_: object, **__: object) -> None:
        raise ValueError("secret")

    monkeypatch.setattr("dbt_scheduler.airflow_plugin.live.make_edges", fail)
    monkeypatch.setattr(
        type(get_auth_manager()), "get_authorized_dag_ids", lambda *_, **__: {"playground_daily"}
    )
    reply = pages.get("data/edges")
    assert reply.status_code == 500
    assert reply.json()["detail"] == "An error occurred: see the log of the API server."
    monkeypatch.setattr(type(get_auth_manager()), "is_authorized_dag", fail)
    reply = pages.get("data/why?dag=playground_daily&task=marts.mine")
    assert reply.status_code == 502
    assert "returned 500 for GET /api/v2/dags/playground_daily" in reply.json()["detail"]


def test_no_dag_has_the_registry_url(pages: httpx.Client) -> None:
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id == RESUME_DAG).values(is_stale=True))
    reply = pages.get("data/index")
    assert reply.status_code == 503
    assert "Airflow has no DAG dbt_scheduler_resume" in reply.json()["detail"]


def deploy_another_sweep(deployed: Platform, registry_url: str) -> None:
    """Deploy a second sweep: another environment has one, and anyone who can deploy DAGs can write one."""
    stub = resume_stub(replace(a_consumer(), registry_url=registry_url))
    deployed.write_by_hand(f"pr_7_{RESUME_DAG}", stub)
    deployed.deploy()


def test_several_environments_with_one_registry_show_it(deployed: Platform, pages: httpx.Client) -> None:
    deploy_another_sweep(deployed, deployed.registry.as_uri())
    assert asked(pages, "index")["registry"] == deployed.registry.as_uri()


def test_where_dags_name_several_registries_airflows_configuration_has_to_say_which(
    deployed: Platform, pages: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    deploy_another_sweep(deployed, staging.as_uri())
    reply = pages.get("data/index")
    assert (reply.status_code, reply.json()["detail"]) == (
        503,
        "The registry cannot be read. The DAGs dbt_scheduler_resume and pr_7_dbt_scheduler_resume use different "
        "registries. Set registry in the section [dbt_scheduler] of Airflow's configuration.",
    )
    monkeypatch.setenv("AIRFLOW__DBT_SCHEDULER__REGISTRY", staging.as_uri())
    _app.cache_clear()
    index = asked(pages, "index")
    assert index["teams"] == []
    assert index["problems"] == [
        f"The registry {staging.as_uri()} contains no entries that Airflow's API server can read."
    ]
