"""`dbt-scheduler explain`, with a fake Airflow at the HTTP border."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from click.testing import Result

import command
from airflow_server import SENSOR, FakeAirflow
from builders import a_spec, a_task, a_wait, an_entry
from dbt_scheduler.cli.airflow_options import Connection, connection
from dbt_scheduler.spec import DagSpec, Schedule

DAY = "2025-06-05T00:10"
HOUR = "2025-06-05T23:05"
CONSUMER = "playground_daily"


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAirflow]:
    fake = FakeAirflow()
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", fake.url)
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dags").mkdir()
    (tmp_path / "registry").mkdir()
    return tmp_path


def deploy(out: Path, *specs: DagSpec) -> None:
    for spec in specs:
        (out / "dags" / f"{spec.dag_id}.json").write_bytes(msgspec.json.encode(spec))


def two_teams(out: Path) -> None:
    """The daily ``marts.c`` reads ``marts.b``, which reads ``staging.a`` and shipping's hourly ``marts.fct``."""
    deploy(
        out,
        a_spec(
            a_task("staging.a"),
            a_task("marts.b", upstream=("staging.a", SENSOR)),
            a_task("marts.c", upstream=("marts.b",)),
            a_task("on_run_end.bye", upstream=("marts.c",), teardown=True),
            channel="#playground",
            sensors=(a_wait("fct", pipeline="hourly"),),
        ),
        a_spec(
            a_task("staging.raw"),
            a_task("marts.fct", upstream=("staging.raw",)),
            team="shipping",
            pipeline="hourly",
        ),
    )
    entry = an_entry("fct", "hourly")
    (out / "registry" / "shipping.json").write_bytes(msgspec.json.encode({"shipping": entry}))


def run(*arguments: str, code: int = 0) -> Result:
    return command.run("explain", *arguments, code=code)


def explain(airflow: FakeAirflow, task: str, *options: str) -> list[str]:
    """The output, without Airflow's URL."""
    return run(CONSUMER, task, *options).stdout.replace(airflow.url, "").splitlines()


def test_a_producer_that_failed_up_the_chain(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, staging__a="success", fct_sensor="deferred", marts__b=None, marts__c=None)
    airflow.run("shipping_hourly", HOUR, "failed", staging__raw="failed", marts__fct="upstream_failed")
    assert explain(airflow, "c") == [
        "playground_daily marts.c of 2025-06-05 00:10 UTC (playground, #playground) has not run: waiting for upstream tasks",
        "  /dags/playground_daily/runs/scheduled__2025-06-06T00%3A10/tasks/marts.c",
        "  wait_for__hard_dependencies.fct (for marts.b) has been waiting for shipping.fct since 2025-06-06 00:10:30 UTC, until 2025-06-06 01:10:30 UTC",
        "    shipping_hourly marts.fct of 2025-06-05 23:05 UTC (shipping, #shipping) did not run: an upstream task failed",
        "      /dags/shipping_hourly/runs/scheduled__2025-06-06T00%3A05/tasks/marts.fct",
        "      staging.raw failed at 2025-06-06 00:20 UTC; see its log",
        "        /dags/shipping_hourly/runs/scheduled__2025-06-06T00%3A05/tasks/staging.raw",
        "",
        "root cause: shipping_hourly staging.raw of 2025-06-05 23:05 UTC (shipping, #shipping) failed at 2025-06-06 00:20 UTC; see its log",
    ]
    assert len(airflow.asked) == 9  # three for the explained run, six for the producer's


def test_what_the_login_may_not_see_is_no_root_cause(airflow, out):
    two_teams(out)
    airflow.deployed("shipping_hourly")
    airflow.run(CONSUMER, DAY, staging__a="success", fct_sensor="deferred", marts__b=None)
    airflow.hidden.add("shipping_hourly")
    assert explain(airflow, "b")[-1] == (
        "not visible to you: shipping_hourly marts.fct of 2025-06-05 23:05 UTC (shipping, #shipping) "
        "is in a DAG that you do not have permission to view in Airflow"
    )


def test_for_a_program(airflow, out):
    two_teams(out)
    late = {"state": "failed", "end_date": "2025-06-06T01:10:31Z"}
    airflow.run(CONSUMER, DAY, staging__a="success", fct_sensor=late, marts__b="upstream_failed")
    airflow.run("shipping_hourly", HOUR, staging__raw="success", marts__fct="running")
    said = json.loads(run(CONSUMER, "marts.b", "--format", "json").stdout)
    assert [said["state"], said["text"], said["team"]] == [
        "upstream_failed",
        "did not run: an upstream task failed",
        "playground",
    ]
    (sensor,) = said["because"]
    assert sensor["text"] == "timed out at 2025-06-06 01:10:31 UTC waiting for shipping.fct"
    (fct,) = sensor["because"]
    assert fct["text"] == "has been running since 2025-06-06 00:10:30 UTC"
    assert (fct["channel"], fct["run_id"]) == ("#shipping", "scheduled__2025-06-06T00:05")


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("success", "succeeded at 2025-06-06 00:20 UTC"),
        ({"state": "success", "note": "by hand"}, "succeeded at 2025-06-06 00:20 UTC (by hand)"),
        ("running", "has been running since 2025-06-06 00:10:30 UTC"),
        ("failed", "failed at 2025-06-06 00:20 UTC; see its log"),
        ({"state": "failed", "try_number": 3}, "failed at 2025-06-06 00:20 UTC on try 3; see its log"),
        (
            {"state": "up_for_retry", "max_tries": 2},
            "failed at 2025-06-06 00:20 UTC on try 1 of 3 and will be retried; see its log",
        ),
        ("skipped", "was skipped"),
        ("removed", "is no longer in its DAG"),
        ("queued", "is queued: waiting for a worker and a slot in the pool default_pool"),
        (
            {"state": "queued", "queue": "heavy"},
            "is queued: waiting for a worker of the queue heavy and a slot in the pool default_pool",
        ),
        ("deferred", "has been waiting for its external job since 2025-06-06 00:10:30 UTC"),
        ("restarting", "was cleared while it was running, and is restarting"),
        ("scheduled", "has not run yet: its dependencies are met, and the scheduler will start it next"),
        (None, "has not run yet: its dependencies are met, and the scheduler will start it next"),
        (
            "upstream_failed",
            "did not run: its state is upstream_failed, although no upstream task is failed anymore; run "
            "`dbt-scheduler resume`",
        ),
    ],
)
def test_the_state_of_the_task_itself(airflow, out, said, text):
    two_teams(out)
    airflow.run(CONSUMER, DAY, staging__a=said)
    assert explain(airflow, "staging.a") == [
        f"playground_daily staging.a of 2025-06-05 00:10 UTC (playground, #playground) {text}",
        "  /dags/playground_daily/runs/scheduled__2025-06-06T00%3A10/tasks/staging.a",
    ]


def test_a_task_that_its_pool_holds_up(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, staging__a={"state": "scheduled", "pool": "one_writer.playground.a"})
    assert first(airflow, "a").endswith(
        "cannot run: its pool one_writer.playground.a does not exist in Airflow; "
        "create it with `dbt-scheduler pools` and `airflow pools import`"
    )
    airflow.pools["one_writer.playground.a"] = {"slots": 1, "open_slots": 0}
    assert first(airflow, "a").endswith("has not run yet: the pool one_writer.playground.a has no open slots")
    airflow.pools["one_writer.playground.a"] = {"slots": -1, "open_slots": -1}
    assert first(airflow, "a").endswith("its dependencies are met, and the scheduler will start it next")
    airflow.pools["one_writer.playground.a"] = "what it shows to nobody"
    assert first(airflow, "a").endswith("its dependencies are met, and the scheduler will start it next")


def first(airflow: FakeAirflow, task: str, *options: str) -> str:
    line = explain(airflow, task, *options)[0].removeprefix("playground_daily ")
    return line.replace(" (playground, #playground)", "")


def last(airflow: FakeAirflow, task: str, *options: str) -> str:
    line = explain(airflow, task, *options)[-1].removeprefix("root cause: shipping_hourly marts.fct ")
    return line.replace(" (shipping, #shipping)", "")


def test_the_state_of_the_run_or_its_dag(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, "queued", staging__a=None)
    assert first(airflow, "a") == (
        "staging.a of 2025-06-05 00:10 UTC has not run: its run is queued (max_active_runs of the DAG: 4)"
    )
    airflow.paused[CONSUMER] = True
    assert first(airflow, "a") == "staging.a of 2025-06-05 00:10 UTC has not run: its DAG is paused"
    airflow.runs[0]["state"] = "success"
    assert first(airflow, "a").endswith(
        "has not run, although its run has finished: run `dbt-scheduler resume`"
    )
    airflow.tasks.clear()
    assert "is not in this run: it was added later" in first(airflow, "a")


def test_a_dag_with_import_errors_and_a_stale_one(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, staging__a=None, fct_sensor="deferred", marts__b=None)
    errors = "its DAG has import errors"
    airflow.dags[CONSUMER] = {"is_stale": True, "has_import_errors": True}
    assert first(airflow, "a") == f"staging.a of 2025-06-05 00:10 UTC has not run: {errors}"
    airflow.dags[CONSUMER] = {"is_stale": True}
    assert first(airflow, "a") == (
        "staging.a of 2025-06-05 00:10 UTC has not run: its DAG is stale (no longer found in its DAG file)"
    )
    airflow.dags[CONSUMER] = {"has_import_errors": True}  # a run that is there goes on, and its tasks fail
    assert first(airflow, "a").endswith("its dependencies are met, and the scheduler will start it next")


def test_a_producer_with_import_errors(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, staging__a="success", fct_sensor="deferred", marts__b=None)
    airflow.deployed("shipping_hourly")
    airflow.dags["shipping_hourly"] = {"has_import_errors": True, "is_stale": True}
    assert last(airflow, "b") == (
        "of 2025-06-05 23:05 UTC has not run: its DAG has import errors, "
        "so the run due at 2025-06-06 00:05 UTC was not created"
    )


def test_a_backfilled_run_that_has_not_started_is_held_up_by_its_backfill(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, "queued", kind="backfill", staging__a=None)
    said = "staging.a of 2025-06-05 00:10 UTC has not run: its run is queued ({})"
    assert first(airflow, "a") == said.format(
        "limited by max_active_runs of the backfill"
    )  # Airflow does not let it see backfills
    dates = {"from_date": "2025-06-01T00:00:00Z", "to_date": "2025-06-30T00:00:00Z"}
    airflow.backfills = [{"is_paused": False, "max_active_runs": 2, "completed_at": None, **dates}]
    assert first(airflow, "a") == said.format("max_active_runs of the backfill: 2")
    airflow.backfills[0]["is_paused"] = True
    assert first(airflow, "a") == "staging.a of 2025-06-05 00:10 UTC has not run: its backfill is paused"
    airflow.backfills[0]["completed_at"] = "2025-06-06T00:00:00Z"
    assert first(airflow, "a") == said.format("limited by max_active_runs of the backfill")


def test_a_manual_run_is_named_by_its_period_as_all_others_are(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, staging__a="success", fct_sensor="deferred", marts__b=None)
    airflow.run("shipping_hourly", HOUR, kind="manual", marts__fct="failed")
    airflow.runs[-1]["logical_date"] = "2025-06-06T00:31:00+00:00"
    assert last(airflow, "b").startswith("of 2025-06-05 23:05 UTC failed at")


def test_a_backfilled_run_waits_for_a_producer_that_is_to_be_backfilled_too(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, kind="backfill", staging__a="success", fct_sensor="deferred", marts__b=None)
    airflow.run("shipping_hourly", "2025-07-01T10:05", "success", marts__fct="success")
    assert last(airflow, "b").endswith(
        "not created (not yet, or catchup is disabled); a backfilled run does not use data from a newer period: backfill shipping_hourly too"
    )


def test_a_run_that_was_never_made_is_made_up_for_by_a_newer_one(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, staging__a="success", fct_sensor="deferred", marts__b=None)
    airflow.run("shipping_hourly", "2025-07-01T10:05", "success", marts__fct="success")
    said = explain(airflow, "b")
    assert "; it is ready now" in said[2]
    assert "marts.fct of 2025-07-01 10:05 UTC (shipping, #shipping) succeeded" in said[3]


def test_a_run_of_chosen_tasks(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, conf={"only": ["b", "c"]}, staging__a="skipped")
    assert first(airflow, "a") == "staging.a of 2025-06-05 00:10 UTC was skipped: this run includes only b, c"


def test_a_dag_without_runs(airflow, out):
    two_teams(out)
    assert first(airflow, "a") == (
        "staging.a has not run: DAG playground_daily not found in Airflow; deploy it, or check its import errors"
    )
    airflow.deployed(CONSUMER)
    assert first(airflow, "a").startswith(
        "staging.a has not run: its DAG has no runs yet; the first is due at 2"
    )
    airflow.paused[CONSUMER] = True
    assert first(airflow, "a") == "staging.a has not run: its DAG has no runs yet; its DAG is paused"


def test_what_may_become_of_the_awaited_run(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, staging__a="success", fct_sensor="deferred", marts__b=None)
    assert (
        last(airflow, "b")
        == "of 2025-06-05 23:05 UTC has not run: DAG shipping_hourly not found in Airflow; deploy it, or check its import errors"
    )
    airflow.deployed("shipping_hourly")
    assert last(airflow, "b").startswith(
        "of 2025-06-05 23:05 UTC has no run: the run due at 2025-06-06 00:05 UTC was not created"
    )
    airflow.paused["shipping_hourly"] = True
    assert last(airflow, "b").startswith(
        "of 2025-06-05 23:05 UTC has not run: its DAG is paused, so the run due at 2025-06-06 00:05 UTC"
    )
    airflow.run("shipping_hourly", "2025-06-05T23:40", kind="manual", marts__fct="failed")
    assert last(airflow, "b").startswith("of 2025-06-05 23:40 UTC failed at")
    airflow.run("shipping_hourly", HOUR, marts__fct="success")
    said = explain(airflow, "b")
    assert said[-1].startswith(f"root cause: playground_daily {SENSOR} of 2025-06-05 00:10 UTC")
    assert said[2].endswith(
        "until 2025-06-06 01:10:30 UTC; it is ready now: the next check or `dbt-scheduler resume` ends the wait"
    )


def test_a_run_that_is_still_to_come(airflow, out):
    two_teams(out)
    airflow.deployed("shipping_hourly")
    airflow.run(CONSUMER, "2099-06-05T00:10", staging__a="success", fct_sensor="deferred", marts__b=None)
    assert last(airflow, "b").startswith(
        "of 2099-06-05 23:05 UTC has not run yet: its run is due at 2099-06-06 00:05 UTC"
    )


def test_a_wait_for_what_is_due_later_is_not_over_before_that(airflow, out):
    two_teams(out)
    late = Schedule("0 22 * * *", grain="day")
    sensor = a_wait("fct", schedule=late)
    deploy(out, a_spec(a_task("marts.b", upstream=(sensor.task_id,)), sensors=(sensor,)))
    (out / "registry" / "shipping.json").unlink()
    airflow.run(CONSUMER, DAY, fct_sensor="deferred", marts__b=None)
    assert "since 2025-06-06 00:10:30 UTC, until 2025-06-06 23:00 UTC" in explain(airflow, "b")[2]


def test_the_explained_run(airflow, out):
    two_teams(out)
    run_id = airflow.run(CONSUMER, "2025-06-04T00:10", staging__a="failed")
    airflow.run(CONSUMER, DAY, staging__a="success")
    assert "2025-06-05 00:10 UTC succeeded" in first(airflow, "a")
    for wanted in (run_id, "2025-06-04", "2025-06-04T00:10", "2025-06-04T02:10+02:00"):
        assert "2025-06-04 00:10 UTC failed" in first(airflow, "a", "--run", wanted)
    said = run(CONSUMER, "a", "--run", "nightly", code=2).stderr
    assert said.startswith(
        'run "nightly" of playground_daily not found\n  hint: the latest run is scheduled__2025-06-06T00:10; '
    )


def test_a_manual_run_is_found_by_the_day_that_it_is_of(airflow, out):
    """`dbt-scheduler run` dates it some seconds after the end of its data interval, which is the next day."""
    two_teams(out)
    airflow.run(CONSUMER, "2025-06-04T00:10", kind="manual", staging__a="failed")
    airflow.runs[-1]["logical_date"] = "2025-06-05T00:10:02+00:00"
    airflow.run(CONSUMER, "2025-06-08T00:10", staging__a="success")
    for wanted in ("2025-06-04", "2025-06-04T00:10", "2025-06-05T00:10:02"):
        assert "2025-06-04 00:10 UTC failed" in first(airflow, "a", "--run", wanted)
    airflow.run(CONSUMER, DAY, staging__a="success")
    assert "2025-06-05 00:10 UTC succeeded" in first(airflow, "a", "--run", "2025-06-05")
    assert "2025-06-04 00:10 UTC failed" in first(airflow, "a", "--run", "2025-06-04")


def test_a_run_that_a_person_has_called_like_another_day(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, "2025-06-04T00:10", staging__a="failed")
    airflow.run(CONSUMER, DAY, kind="manual", run_id="2025-06-04", staging__a="success")
    assert "2025-06-05 00:10 UTC succeeded" in first(airflow, "a", "--run", "2025-06-04")


def test_a_sensor_that_failed_for_another_reason_and_a_dag_that_was_not_compiled_here(airflow, out):
    two_teams(out)
    (out / "dags" / "shipping_hourly.json").unlink()
    airflow.run(CONSUMER, DAY, staging__a="success", fct_sensor="failed", marts__b="upstream_failed")
    airflow.run("shipping_hourly", HOUR, marts__fct="upstream_failed")
    said = explain(airflow, "b")
    assert said[2].endswith(
        "failed at 2025-06-06 00:20 UTC before its timeout (see its log), waiting for shipping.fct"
    )
    assert last(airflow, "b") == (
        "of 2025-06-05 23:05 UTC has not run (upstream_failed): the reason is unknown without its compiled DAG"
    )


def test_a_soft_wait_and_a_producer_that_is_gone(airflow, out):
    wait = a_wait("fct", pipeline="hourly", dependency="soft")
    deploy(out, a_spec(a_task("b", upstream=(wait.task_id,)), sensors=(wait,)))
    airflow.run(CONSUMER, DAY, **{wait.task_id: "running"}, b=None)
    assert "until 2025-06-06 01:10:30 UTC, then continues without it" in explain(airflow, "b")[2]
    entry = an_entry("other", "hourly")
    (out / "registry" / "shipping.json").write_bytes(msgspec.json.encode({"shipping": entry}))
    assert "shipping no longer produces fct. Ask #shipping for its replacement." in explain(airflow, "b")[-1]


def test_a_cycle_and_a_long_chain_end(airflow, out):
    here = a_wait("fct", pipeline="daily")
    back = msgspec.structs.replace(
        a_wait("b", task_id="b", team="playground"),
        producer=msgspec.structs.replace(here.producer, dag_id=CONSUMER, task_id="b"),
    )
    chain = [f"t{n}" for n in range(400)]
    tasks = [
        a_task(name, upstream=tuple(chain[n - 1 : n]) if n else (here.task_id,))
        for n, name in enumerate(chain)
    ]
    deploy(
        out,
        a_spec(*tasks, a_task("b", upstream=("t399",)), sensors=(here,)),
        a_spec(a_task("marts.fct", upstream=(back.task_id,)), team="shipping", sensors=(back,)),
    )
    airflow.run(CONSUMER, DAY, fct_sensor="deferred", b=None, **dict.fromkeys(chain, None))
    airflow.run("shipping_daily", DAY, **{"marts.fct": None, back.task_id: "deferred"})
    said = explain(airflow, "b")
    assert said[2].startswith(
        "  wait_for__hard_dependencies.fct (for t0, t1 ... t399) has been waiting for shipping.fct"
    )
    assert said[-2].strip() == "playground_daily b of 2025-06-05 00:10 UTC (playground) is explained above"
    assert not any(line.startswith("root cause") for line in said)
    assert len(airflow.asked) <= 17


def test_the_task_that_is_meant(airflow, out):
    two_teams(out)
    airflow.run(CONSUMER, DAY, fct_sensor="success")
    assert f"{SENSOR} of 2025-06-05 00:10 UTC succeeded" in first(airflow, "fct")
    assert run(CONSUMER, "staging.aa", code=2).stderr == (
        'task "staging.aa" not found in playground_daily\n  hint: did you mean "staging.a"?\n'
    )
    assert 'did you mean "playground_daily"?' in run("playground_dayly", "a", code=2).stderr


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, b"{}"), "airflow: SCH501 Airflow at http://127.0.0.1"),
        ((200, b"<html>"), "did not return an Airflow response"),
        ((200, b"{}"), "did not return an Airflow response"),
    ],
)
def test_unexpected_responses_of_airflow(airflow, out, answer, said):
    two_teams(out)
    airflow.answer = answer
    result = run(CONSUMER, "a", code=2)
    assert said in result.stderr
    assert result.stdout == ""


def test_which_airflow_is_used(airflow, out, monkeypatch):
    two_teams(out)
    airflow.deployed(CONSUMER)
    monkeypatch.delenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW")
    assert run(CONSUMER, "a", code=2).stderr == (
        "no Airflow connection is configured\n"
        "  hint: set AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW to http://LOGIN:PASSWORD@HOST:PORT, or pass --airflow URL\n"
    )
    run(CONSUMER, "a", "--airflow", airflow.url)
    monkeypatch.setenv("DBT_SCHEDULER_AIRFLOW_PASSWORD", "s3cret")
    run(CONSUMER, "a", "--airflow", airflow.url, "--login", "me")
    (out / "password").write_text("s3cret\n")
    run(CONSUMER, "a", "--airflow", airflow.url, "--login", "me", "--password-file", "password")
    refused = run(CONSUMER, "a", "--airflow", "http://me:s3cret@host", code=2).stderr
    assert refused.startswith("--airflow must not contain credentials")
    assert "s3cret" not in refused
    for given, shown in (
        ("airflow:8080", "airflow:8080"),
        ("me:s3cret@host", "me:...@host"),
        ("s3cret@host", "...@host"),
    ):
        refused = run(CONSUMER, "a", "--airflow", given, code=2).stderr
        assert refused == f'--airflow is not a URL: "{shown}"\n  hint: use http://HOST:PORT or https://HOST\n'
    monkeypatch.delenv("DBT_SCHEDULER_AIRFLOW_PASSWORD")
    assert run(CONSUMER, "a", "--airflow", airflow.url, "--login", "me", code=2).stderr == (
        "--login me requires a password, and there is no terminal to prompt for it\n"
        "  hint: use --password-file FILE, or set the environment variable DBT_SCHEDULER_AIRFLOW_PASSWORD\n"
    )
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", "nonsense")
    assert "is not a valid Airflow connection" in run(CONSUMER, "a", code=2).stderr


def test_a_password_in_the_connections_host_is_not_printed(airflow, out, monkeypatch):
    two_teams(out)
    host = "http://me:SECRETPW@127.0.0.1:9"
    for written in (json.dumps({"conn_type": "http", "host": host}), f"http://{quote(host, safe='')}"):
        monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", written)
        assert run(CONSUMER, "a", code=2).stderr == (
            "airflow: SCH501 http://...@127.0.0.1:9 must not contain credentials or a query: use the login and password fields of the connection."
            "\n1 error\n"
        )


def test_an_unreachable_server(airflow, out):
    two_teams(out)
    said = run(CONSUMER, "a", "--airflow", "http://127.0.0.1:9", code=2).stderr
    assert said.startswith("airflow: SCH501 Airflow at http://127.0.0.1:9 cannot be reached")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://me:p%40ss@host:8080", Connection("http://host:8080", "me", "p@ss")),
        ("http://host/https", Connection("https://host")),
        ("https://me@host", Connection("https://host", "me")),
        ("http://host:80/airflow", Connection("http://host:80/airflow")),
        ("http://http%3A%2F%2Fhost:8080/", Connection("http://host:8080")),
        (
            '{"conn_type": "http", "host": "https://host", "login": "me", "password": "p", "port": 443}',
            Connection("https://host:443", "me", "p"),
        ),
    ],
)
def test_a_connection_as_airflow_writes_it(monkeypatch, written, expected):
    monkeypatch.setenv("AIRFLOW_CONN_AN_AIRFLOW", written)
    found = connection("an_airflow", None, None, None)
    assert found == expected
    assert "p@ss" not in repr(found)
