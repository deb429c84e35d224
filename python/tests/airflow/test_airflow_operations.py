"""Operations on runs of several teams, with a real Airflow: rerun, backfill, pause."""

import re

import pytest
from airflow.models.backfill import Backfill
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from click.testing import CliRunner, Result
from msgspec.structs import replace
from sqlalchemy import select, update

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import (
    AirflowApiError,
    AirflowForbiddenError,
    AirflowUnauthorizedError,
)
from dbt_scheduler.cli import backfill, main
from dbt_scheduler.spec import DagSpec
from harness import Platform, moment

DAY = "2025-03-01T00:10"
WAIT = "wait_for__hard_dependencies.dim"
NOBODY = (
    "nothing was changed: confirmation requires a terminal\n  hint: pass --yes to skip the confirmation\n"
)


def a_producer() -> DagSpec:
    """The team ``shipping``: one task produces ``dim``, another one is independent of it."""
    dim = a_task("marts.dim", assets=("shipping.dim",), signals=True)
    return a_spec(dim, a_task("marts.other"), team="shipping")


def a_consumer(team: str = "playground") -> DagSpec:
    """A task that reads ``dim``, one downstream of it, and one that is independent of both."""
    mine, below = a_task("marts.mine", upstream=(WAIT,)), a_task("marts.below", upstream=("marts.mine",))
    return a_spec(mine, below, a_task("marts.apart"), team=team, sensors=(a_wait("dim"),))


@pytest.fixture
def teams(airflow: Platform) -> Platform:
    """Both teams, deployed and published."""
    airflow.deploy(a_producer(), a_consumer())
    airflow.publish("shipping", an_entry("dim", "daily"))
    airflow.publish("playground", a_wait_entry(a_consumer()))
    return airflow


def call(airflow: Platform, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--registry", airflow.registry.as_uri()])


def test_what_has_used_the_data_runs_again(teams: Platform) -> None:
    producer, consumer = teams.run("shipping_daily", DAY), teams.run("playground_daily", DAY)
    teams.work()
    assert {teams.state("shipping_daily"), teams.state("playground_daily")} == {"success"}
    words = ("rerun", "shipping_daily", "marts.dim", "--run", producer, "--downstream")
    plan = (
        f"shipping_daily {producer} of team shipping:\n"
        "  marts.dim (success)\n"
        f"playground_daily {consumer} of team playground, which used shipping.dim:\n"
    )
    shown = call(teams, *words)
    assert (shown.exit_code, shown.stderr) == (2, NOBODY)
    assert shown.stdout.startswith(plan)
    assert sorted(shown.stdout.removeprefix(plan).splitlines()) == [
        "  marts.below (success)",
        "  marts.mine (success)",
        f"  {WAIT} (success)",
    ]
    assert teams.state("shipping_daily", "marts.dim") == "success"
    done = call(teams, *words, "--yes")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-2:] == [
        f"shipping_daily {producer} cleared",
        f"playground_daily {consumer} cleared",
    ]
    assert teams.state("playground_daily", "marts.mine") is None
    teams.work()
    assert {teams.state("shipping_daily"), teams.state("playground_daily")} == {"success"}
    assert teams.tries("shipping_daily") == {"marts.dim": 2, "marts.other": 1}
    tries = teams.tries("playground_daily")
    assert (tries["marts.mine"], tries["marts.below"], tries["marts.apart"]) == (2, 2, 1)


def test_without_downstream_it_is_the_task_alone(teams: Platform) -> None:
    run = teams.run("shipping_daily", DAY)
    teams.work()
    done = call(teams, "rerun", "shipping_daily", "marts.dim", "--run", run, "--yes")
    assert done.stdout == (f"shipping_daily {run}:\n  marts.dim (success)\nshipping_daily {run} cleared\n")


def test_a_consumer_that_still_waits_or_is_of_another_period_is_left_alone(teams: Platform) -> None:
    run = teams.run("shipping_daily", DAY)
    teams.set_state("shipping_daily", "marts.dim", run, "failed")
    teams.run("playground_daily", DAY)
    teams.schedule()
    assert teams.state("playground_daily", WAIT) == "deferred"
    shown = call(teams, "rerun", "shipping_daily", "marts.dim", "--run", run, "--downstream")
    assert shown.stdout == f"shipping_daily {run} of team shipping:\n  marts.dim (failed)\n"


def test_without_the_entry_of_a_consumer_nothing_is_cleared_unseen(teams: Platform) -> None:
    run = teams.run("shipping_daily", DAY)
    teams.work()
    (teams.registry / "playground.json").write_text("{")
    words = ("rerun", "shipping_daily", "marts.dim", "--run", run)
    done = call(teams, *words, "--downstream", "--yes")
    assert done.exit_code == 2
    assert done.stderr.endswith(
        "nothing was changed: registry entries cannot be read (playground), so the plan may lack runs that used the data\n"
        "  hint: leave out --yes to confirm the plan as it is, or leave out --downstream\n"
    )
    assert teams.state("shipping_daily", "marts.dim") == "success"
    assert call(teams, *words, "--downstream").stderr.endswith(NOBODY)
    assert call(teams, *words, "--yes").exit_code == 0


@pytest.mark.parametrize("damage", ["deleted", "empty", "garbage"])
def test_without_the_registry_no_run_is_left_with_old_data(teams: Platform, damage: str) -> None:
    run = teams.run("shipping_daily", DAY)
    teams.work()
    if damage == "garbage":
        (teams.registry / "shipping.json").write_text("{")
    else:
        for path in teams.registry.iterdir():
            path.unlink()
    if damage == "deleted":
        teams.registry.rmdir()
    words = ("rerun", "shipping_daily", "marts.dim", "--run", run, "--yes")
    refused = call(teams, *words, "--downstream")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.endswith(
        "DAG shipping_daily not found in the registry, so the runs that used its data are unknown\n"
        "  hint: publish the DAG's team, correct --registry URL, or leave out --downstream\n"
    )
    assert teams.state("shipping_daily", "marts.dim") == "success"
    assert call(teams, *words).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none_daily", "marts.dim", "--run", "RUN"), "DAG none_daily not found in Airflow"),
        (("shipping_daily", "marts.dim", "--run", "none/../x"), "run none/../x of shipping_daily not found"),
        (("shipping_daily", "marts.none", "--run", "RUN"), "task marts.none not found in "),
        (("shipping_daily", "marts.dim", "--run", ".."), "run .. of shipping_daily not found"),
        (("shipping_daily", ".", "--run", "RUN"), "task . not found in "),
    ],
)
def test_what_airflow_does_not_have_cannot_run_again(
    teams: Platform, words: tuple[str, ...], said: str
) -> None:
    run = teams.run("shipping_daily", DAY)
    refused = call(teams, "rerun", *(run if word == "RUN" else word for word in words), "--yes")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert said in refused.stderr


def test_a_backfill_of_two_teams(teams: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "sleep", lambda _: teams.work())
    words = ("backfill", "playground", "shipping", "--from", "2025-03-01", "--to", "2025-03-02")
    plan = (
        "shipping_daily of team shipping: 2 runs: 2025-03-01 00:10 UTC, 2025-03-02 00:10 UTC\n"
        "playground_daily of team playground: 2 runs: 2025-03-01 00:10 UTC, 2025-03-02 00:10 UTC\n"
        "  waits for shipping.dim of shipping_daily\n"
    )
    assert call(teams, *words, "--dry-run").stdout == plan
    refused = call(teams, *words)
    assert (refused.exit_code, refused.stdout, refused.stderr) == (2, plan, NOBODY)
    assert teams.runs("shipping_daily") == []
    done = call(teams, *words, "--yes")
    # Tasks also log there, in this process.
    assert (done.exit_code, done.stdout.startswith(plan)) == (0, True)
    assert done.stderr.splitlines()[-1] == "4 of 4 runs finished, 0 failed"
    assert [len(teams.runs(f"{team}_daily")) for team in ("shipping", "playground")] == [2, 2]
    with create_session() as session:  # as Airflow does every half minute
        session.execute(update(Backfill).values(completed_at=moment("2025-06-05")))
    nothing = "nothing to do: all runs already exist"
    assert call(teams, *words, "--yes").stdout == f"shipping_daily: {nothing}\nplayground_daily: {nothing}\n"


def test_a_backfill_that_was_interrupted_is_followed(
    teams: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CtrlCError(Exception):
        """Ctrl-C was pressed."""

    def interrupt(_: float) -> None:
        raise CtrlCError

    words = ("backfill", "shipping", "--from", "2025-03-01", "--to", "2025-03-01", "--yes")
    monkeypatch.setattr(backfill, "sleep", interrupt)
    call(teams, *words)
    monkeypatch.setattr(backfill, "sleep", lambda _: teams.work())
    done = call(teams, *words)
    assert done.stdout.startswith("shipping_daily of team shipping: a backfill is already running\n")
    assert done.stderr.splitlines()[-1] == "1 of 1 run finished, 0 failed"
    with create_session() as session:
        assert len(session.scalars(select(Backfill)).all()) == 1


def test_ctrl_c_is_no_failed_run(teams: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backfill, "sleep", interrupt)
    words = ("backfill", "shipping", "--from", "2025-03-01", "--to", "2025-03-01", "--yes")
    done = call(teams, *words)
    assert done.exit_code == 2
    assert (
        "interrupted: the backfills continue in Airflow\n  hint: run the command again to see their progress"
        in done.stderr
    )


@pytest.mark.parametrize("error", [AirflowApiError, AirflowUnauthorizedError, AirflowForbiddenError])
def test_an_unreachable_airflow_does_not_end_the_backfills(
    teams: Platform, monkeypatch: pytest.MonkeyPatch, error: type[AirflowApiError]
) -> None:
    def refuse(_: float) -> None:
        def runs(*_: object) -> None:
            raise error("Airflow rejected the token.")

        monkeypatch.setattr(AirflowApi, "runs", runs)
        if error is AirflowApiError:
            monkeypatch.setattr(backfill, "_RESTART_SECONDS", 0)

    monkeypatch.setattr(backfill, "sleep", refuse)
    done = call(teams, "backfill", "shipping", "--from", "2025-03-01", "--to", "2025-03-01", "--yes")
    assert done.exit_code == 2
    assert "the backfills continue in Airflow: run the command again to see their progress\n" in done.stderr
    assert "Airflow rejected the token." in done.stderr


def test_a_restart_of_airflows_api_does_not_end_the_following(
    teams: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, refused = AirflowApi.runs, []

    def restarting(api: AirflowApi, *arguments: object) -> object:
        if len(refused) == 3:
            return runs(api, *arguments)
        refused.append(arguments)
        raise AirflowApiError("Airflow cannot be reached.")

    monkeypatch.setattr(AirflowApi, "runs", restarting)
    monkeypatch.setattr(backfill, "sleep", lambda _: teams.work())
    done = call(teams, "backfill", "shipping", "--from", "2025-03-01", "--to", "2025-03-01", "--yes")
    assert (done.exit_code, len(refused)) == (0, 3)
    assert done.stderr.count("Airflow cannot be reached. Trying again.\n") == 1
    assert done.stderr.splitlines()[-1] == "1 of 1 run finished, 0 failed"


@pytest.mark.parametrize("faster", [False, True])
def test_an_interruption_between_two_dags_is_reported_and_the_next_call_continues(
    teams: Platform, monkeypatch: pytest.MonkeyPatch, *, faster: bool
) -> None:
    make = AirflowApi.make_backfill

    def end(api: AirflowApi, body: dict[str, object]) -> None:
        if body["dag_id"] == "shipping_daily":
            make(api, body)
        elif faster:
            make(api, body)
            make(api, body)
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr(AirflowApi, "make_backfill", end)
    monkeypatch.setattr(backfill, "sleep", lambda _: teams.work())
    words = ("backfill", "shipping", "playground", "--from", "2025-03-01", "--to", "2025-03-01", "--yes")
    ended = call(teams, *words)
    assert ended.exit_code == 2
    assert "shipping_daily: started\n" in ended.stderr
    said = (
        "Another backfill of playground_daily is already running"
        if faster
        else "interrupted: the backfills continue"
    )
    assert said in ended.stderr
    monkeypatch.setattr(AirflowApi, "make_backfill", make)
    done = call(teams, *words)
    assert "shipping_daily of team shipping: a backfill is already running\n" in done.stdout
    assert done.stderr.splitlines()[-1] == "2 of 2 runs finished, 0 failed"


def test_a_deleted_backfill_run_is_not_waited_for(teams: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    def delete(seconds: float) -> None:
        looks.append(seconds)
        assert len(looks) == 1, "it waits for ever"
        with create_session() as session:
            session.delete(session.scalars(select(DagRun).where(DagRun.dag_id == "shipping_daily")).one())
            session.execute(update(Backfill).values(completed_at=moment("2025-06-05")))

    monkeypatch.setattr(backfill, "sleep", delete)
    words = ("backfill", "shipping", "--from", "2025-03-01", "--to", "2025-03-01", "--yes")
    done = call(teams, *words)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (0, "0 of 0 runs finished, 0 failed")


def test_a_task_of_a_paused_dag_runs_again_when_it_no_longer_is(teams: Platform) -> None:
    run = teams.run("shipping_daily", DAY)
    teams.work()
    call(teams, "pause", "shipping", "--yes")
    shown = call(teams, "rerun", "shipping_daily", "marts.dim", "--run", run, "--dry-run").stdout
    assert shown.splitlines()[-1] == "shipping_daily is paused: its tasks start when it is unpaused"


def test_a_backfill_shows_what_is_missing(teams: Platform) -> None:
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id == "playground_daily").values(is_paused=True))
    words = ("backfill", "playground", "--from", "2025-03-01", "--to", "2025-03-01", "--dry-run")
    assert call(teams, *words).stdout == (
        "playground_daily of team playground: 1 run: 2025-03-01 00:10 UTC; the DAG is paused\n"
        "  waits for shipping.dim of shipping_daily, which is not part of this backfill: its runs must already exist\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none", "--from", "2025-03-01", "--to", "2025-03-01"), 'team "none" not found in the registry'),
        (("shiping", "--from", "2025-03-01", "--to", "2025-03-01"), 'did you mean "shipping"?'),
        (("shipping", "--from", "2025-03-02", "--to", "2025-03-01"), "must not be before --from"),
        (("shipping", "--from", "soon", "--to", "2025-03-01"), "Invalid value for '--from'"),
        (("shipping", "--from", "2999-03-02", "--to", "2999-03-03"), "must not be in the future"),
        (("shipping", "--from", "0001-01-01", "--to", "2025-03-01"), "--from: must not be before 1970"),
        (
            ("shipping", "--from", "2025-03-01", "--to", "9999-12-31"),
            "Invalid value for --to: must not be in the future",
        ),
        (("idle", "--from", "2025-03-01", "--to", "2025-03-01"), "team idle has no DAG"),
    ],
)
def test_a_backfill_that_cannot_be(teams: Platform, words: tuple[str, ...], said: str) -> None:
    teams.publish("idle", replace(an_entry("a", "daily", team="idle"), pipelines={}, produced={}))
    refused = call(teams, "backfill", *words, "--yes")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert said in refused.stderr


def test_another_backfill_of_the_dag_is_not_touched(teams: Platform) -> None:
    day = moment("2025-06-05")
    with create_session() as session:
        session.add(Backfill(dag_id="shipping_daily", from_date=day, to_date=day, max_active_runs=3))
    refused = call(teams, "backfill", "shipping", "--from", "2025-03-01", "--to", "2025-03-01", "--yes")
    assert "a backfill of shipping_daily for other dates is already running" in refused.stderr


def test_a_team_is_paused_and_unpaused(teams: Platform) -> None:
    def paused() -> dict[str, bool]:
        with create_session() as session:
            return {dag.dag_id: dag.is_paused for dag in session.scalars(select(DagModel))}

    plan = "shipping_daily of team shipping\n  playground_daily waits for shipping.dim of shipping_daily until the wait timeout (#playground)\n"
    refused = call(teams, "pause", "shipping")
    assert (refused.exit_code, refused.stdout, refused.stderr) == (2, plan, NOBODY)
    assert not any(paused().values())
    assert call(teams, "pause", "shipping", "--yes").stdout == f"{plan}shipping_daily is paused\n"
    assert paused() == {"shipping_daily": True, "playground_daily": False}
    assert call(teams, "pause", "shipping", "--off", "--yes").stdout == (
        "shipping_daily of team shipping\nshipping_daily is unpaused\n"
    )
    assert not any(paused().values())
    assert 'team "none" not found in the registry' in call(teams, "pause", "none").stderr
    teams.publish("ghosts", an_entry("a", "daily", team="ghosts"))
    assert "no DAG of team ghosts found in Airflow" in call(teams, "pause", "ghosts").stderr


def test_operations_without_an_airflow(teams: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", "http://127.0.0.1:9")
    said = call(teams, "pause", "shipping", "--yes")
    assert said.exit_code == 2
    assert re.search("SCH501 .*127.0.0.1:9", said.stderr)


def test_what_two_runs_have_made_is_used_after_both_run_again(airflow: Platform) -> None:
    """``late`` reads ``dim`` and an asset of ``playground`` made from it: its sensors must not see an old success of either."""
    mine = a_task("marts.mine", upstream=(WAIT,), assets=("playground.mine",), signals=True)
    middle = a_spec(mine, sensors=(a_wait("dim"),))
    other = a_wait("mine", team="playground", task_id="marts.mine")
    other = replace(other, producer=replace(other.producer, dag_id="playground_daily"))
    late = a_spec(
        a_task("marts.late", upstream=(WAIT, other.task_id)), team="late", sensors=(a_wait("dim"), other)
    )
    airflow.deploy(a_producer(), middle, late)
    airflow.publish("shipping", an_entry("dim", "daily"))
    made = an_entry("mine", "daily", team="playground")
    airflow.publish("playground", replace(made, consumed=a_wait_entry(middle).consumed))
    airflow.publish("late", a_wait_entry(late))
    runs = [airflow.run(f"{team}_daily", DAY) for team in ("shipping", "late", "playground")]
    airflow.work()
    words = ("rerun", "shipping_daily", "marts.dim", "--run", runs[0], "--downstream")
    shown = call(airflow, *words, "--dry-run")
    assert shown.exit_code == 0, shown.output
    order = [line.split()[0] for line in shown.stdout.splitlines() if not line.startswith(" ")]
    assert order == ["shipping_daily", "playground_daily", "late_daily"]


def test_a_backfill_of_a_paused_dag_is_refused(teams: Platform) -> None:
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id == "shipping_daily").values(is_paused=True))
    refused = call(teams, "backfill", "shipping", "--from", "2025-03-01", "--to", "2025-03-01", "--yes")
    assert refused.exit_code == 2
    assert "shipping_daily is paused, so its runs would not start" in refused.stderr
