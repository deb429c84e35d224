"""`dbt-scheduler waits`: the next runs, and the producer runs that they will wait for."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

import command
from builders import DAILY, HOURLY, a_spec, a_task, a_wait, an_entry
from dbt_scheduler.schedule import Interval, awaited_interval
from dbt_scheduler.spec import DagSpec, Schedule, Sensor
from dbt_scheduler.waits import upcoming as model
from dbt_scheduler.waits.upcoming import UpcomingRun
from dbt_scheduler.waits.wait import wait_of

WEEKLY = Schedule("0 6 * * 1", grain="week")
VILNIUS = Schedule("10 0 * * *", "Europe/Vilnius", "day")
NEW_YORK = Schedule("10 0 * * *", "America/New_York", "day")
BARE = Schedule("0 9 * * 1-5")
NAMES = {"hourly": HOURLY, "daily": DAILY, "weekly": WEEKLY, "vilnius": VILNIUS}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def upcoming(spec: DagSpec, start: datetime) -> Iterator[UpcomingRun]:
    """The next runs, if the registry does not differ from the compiled spec."""
    return model.upcoming(spec, spec.sensors, lambda sensor: wait_of(sensor, spec, None), start)


def runs(consumer: str, producer: str, start: str, count: int = 3) -> list[str]:
    """Each run's due time, and the logical date and due time of the awaited run."""
    wait = a_wait("fct", schedule=NAMES[producer])
    spec = a_spec(a_task("a"), schedule=NAMES[consumer], sensors=(wait,))
    found = islice(upcoming(spec, at(start)), count)
    short = "%m-%d %H:%M"
    return [
        f"{run.due:{short}} waits for {target.logical_date:{short}} due {target.due:{short}}"
        for run in found
        for target in [run.waits[0].producer]
        if target
    ]


def test_hourly_waits_for_the_newest_finished_day():
    assert runs("hourly", "daily", "2025-06-05 23:00") == [
        "06-05 23:05 waits for 06-04 00:10 due 06-05 00:10",
        "06-06 00:05 waits for 06-05 00:10 due 06-06 00:10",
        "06-06 01:05 waits for 06-05 00:10 due 06-06 00:10",
    ]


def test_daily_waits_for_the_last_hour_of_its_day():
    assert runs("daily", "hourly", "2025-06-05 00:10", 2) == [
        "06-05 00:10 waits for 06-04 23:05 due 06-05 00:05",
        "06-06 00:10 waits for 06-05 23:05 due 06-06 00:05",
    ]


def test_weekly_waits_for_the_sunday_and_daily_for_the_last_full_week():
    assert runs("weekly", "daily", "2025-06-05", 1) == ["06-09 06:00 waits for 06-08 00:10 due 06-09 00:10"]
    assert runs("daily", "weekly", "2025-06-08", 3) == [
        "06-08 00:10 waits for 05-26 06:00 due 06-02 06:00",
        "06-09 00:10 waits for 06-02 06:00 due 06-09 06:00",
        "06-10 00:10 waits for 06-02 06:00 due 06-09 06:00",
    ]


def test_a_day_on_another_clock_when_that_clock_changes():
    assert runs("vilnius", "hourly", "2025-03-30", 3) == [
        "03-30 21:10 waits for 03-30 20:05 due 03-30 21:05",
        "03-31 21:10 waits for 03-31 20:05 due 03-31 21:05",
        "04-01 21:10 waits for 04-01 20:05 due 04-01 21:05",
    ]
    assert runs("vilnius", "hourly", "2025-03-29", 1) == ["03-29 22:10 waits for 03-29 21:05 due 03-29 22:05"]


def test_what_is_before_a_start_date():
    late = Schedule("10 0 * * *", grain="day", start_date="2025-06-05")
    spec = a_spec(a_task("a"), sensors=(a_wait("fct", schedule=late),))
    first = next(upcoming(spec, at("2025-06-05")))
    assert first.waits[0].producer is None
    assert first.waits[0].note == "not waiting: shipping_daily starts on 2025-06-05"
    spec = a_spec(a_task("a"), schedule=late)
    assert next(upcoming(spec, at("2025-01-01"))).due == at("2025-06-06 00:10")


@given(
    consumer=st.sampled_from([HOURLY, DAILY, WEEKLY, VILNIUS, NEW_YORK, BARE]),
    producer=st.sampled_from([HOURLY, DAILY, WEEKLY, VILNIUS, NEW_YORK, BARE]),
    start=st.datetimes(datetime(2025, 3, 1), datetime(2026, 4, 1), timezones=st.just(UTC)),
)
def test_runs_are_consecutive_and_wait_according_to_the_alignment(consumer, producer, start):
    wait = a_wait("fct", schedule=producer)
    spec = a_spec(a_task("a"), schedule=consumer, sensors=(wait,))
    found = list(islice(upcoming(spec, start), 4))
    assert found[0].logical_date < start <= found[0].due
    for run, following in pairwise(found):
        assert run.due == following.logical_date
    for run in found:
        target = run.waits[0].producer
        expected = awaited_interval(consumer, Interval(run.logical_date, run.due), producer)
        assert target is None or Interval(target.logical_date, target.due) == expected


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out" / "dags").mkdir(parents=True)
    (tmp_path / "out" / "registry").mkdir()
    return tmp_path / "out"


def deploy(out: Path, *specs: DagSpec) -> None:
    for spec in specs:
        (out / "dags" / f"{spec.dag_id}.json").write_bytes(msgspec.json.encode(spec))


def publish(out: Path, entry) -> None:
    (out / "registry" / "shipping.json").write_bytes(msgspec.json.encode({"shipping": entry}))


def waits(*arguments: str, code: int = 0) -> Result:
    return command.run("waits", *arguments, code=code)


def a_promise(sensor: Sensor, seconds: int) -> Sensor:
    producer = msgspec.structs.replace(sensor.producer, slo_seconds=seconds)
    return msgspec.structs.replace(sensor, producer=producer)


def test_the_table(out):
    hard = a_promise(a_wait("fct", pipeline="hourly"), 3000)
    soft = a_wait("dim", dependency="soft", schedule=VILNIUS)
    deploy(out, a_spec(a_task("a", upstream=(hard.task_id,)), sensors=(hard, soft)))
    assert waits("playground_daily", "--runs", "1", "--from", "2025-06-05T12:00").stdout.splitlines() == [
        'playground_daily: daily, "10 0 * * *" UTC. Times are in UTC.',
        "",
        "run of 2025-06-05 00:10, due 2025-06-06 00:10",
        "  WAITS FOR                  DEPENDENCY  RUN OF                                  DUE                                     READY BY          GIVES UP",
        "  shipping_hourly marts.fct  hard        2025-06-05 23:05                        2025-06-06 00:05                        2025-06-06 00:55  2025-06-06 01:00",
        "  shipping_daily marts.dim   soft        2025-06-04 21:10 (00:10 EEST on 06-05)  2025-06-05 21:10 (00:10 EEST on 06-06)  no SLO            2025-06-06 01:10 (04:10 EEST)",
    ]


def test_a_wait_for_what_is_due_after_its_timeout_is_given_up_after_it_is_due(out):
    evening = Schedule("0 22 * * *", grain="day")
    month_end = Schedule("0 20 L * *", grain="month")
    waited = a_wait("late", schedule=evening), a_wait("closing", schedule=month_end)
    deploy(out, a_spec(a_task("a"), sensors=waited))
    (_, _, _, *table) = waits("playground_daily", "--runs", "1", "--from", "2025-07-01").stdout.splitlines()
    assert [line.split("no SLO")[1].strip() for line in table[1:]] == ["2025-07-01 23:00", "2025-07-31 21:00"]


@given(
    consumer=st.sampled_from([HOURLY, DAILY, WEEKLY, VILNIUS, NEW_YORK, BARE]),
    producer=st.sampled_from(
        [HOURLY, DAILY, WEEKLY, VILNIUS, NEW_YORK, BARE, Schedule("0 22 * * *", grain="day")]
    ),
    slo=st.sampled_from([None, 60, 86400]),
    start=st.datetimes(datetime(2025, 3, 1), datetime(2026, 4, 1), timezones=st.just(UTC)),
)
def test_every_wait_can_be_met_before_it_is_given_up(consumer, producer, slo, start):
    wait = a_wait("fct", schedule=producer, slo_seconds=slo, wait_timeout_seconds=3600)
    spec = a_spec(a_task("a"), schedule=consumer, sensors=(wait,))
    run = next(upcoming(spec, start))
    target = run.waits[0].producer
    assert target is None or target.gives_up - max(target.due, run.due) == timedelta(seconds=slo or 3600)


def test_for_a_program(out):
    wait = a_promise(a_wait("fct", pipeline="hourly"), 3000)
    deploy(out, a_spec(a_task("a"), sensors=(wait,)))
    found = waits("playground_daily", "--runs", "1", "--from", "2025-06-05T12:00+02:00", "--format", "json")
    assert json.loads(found.stdout) == [
        {
            "logical_date": "2025-06-05T00:10:00Z",
            "due": "2025-06-06T00:10:00Z",
            "waits": [
                {
                    "sensor_task_id": "wait_for__hard_dependencies.fct",
                    "dependency": "hard",
                    "team": "shipping",
                    "asset": "fct",
                    "producer": {
                        "dag_id": "shipping_hourly",
                        "task_id": "marts.fct",
                        "pipeline": "hourly",
                        "schedule": {
                            "cron": "5 * * * *",
                            "timezone": "UTC",
                            "grain": "hour",
                            "start_date": "2025-01-01",
                        },
                        "logical_date": "2025-06-05T23:05:00Z",
                        "due": "2025-06-06T00:05:00Z",
                        "ready_by": "2025-06-06T00:55:00Z",
                        "gives_up": "2025-06-06T01:00:00Z",
                    },
                    "note": "",
                }
            ],
        }
    ]


def test_a_producer_that_moved_is_followed_as_the_sensor_follows_it(out):
    deploy(out, a_spec(a_task("a"), sensors=(a_wait("fct", pipeline="hourly"),)))
    publish(out, an_entry("fct", "daily", group="core"))
    assert "shipping_daily core.fct  hard" in waits("playground_daily").stdout
    publish(out, an_entry("other", "daily"))
    found = waits("playground_daily", "--runs", "1").stdout
    assert (
        "  shipping.fct  hard        shipping no longer produces fct. Ask #shipping for its replacement.\n"
        in found
    )


def test_a_registry_that_cannot_be_read(out):
    deploy(out, a_spec(a_task("a"), sensors=(a_wait("fct", pipeline="hourly"),)))
    (out / "registry" / "shipping.json").write_text('{"shipping": {')
    found = waits("playground_daily")
    assert "shipping_hourly marts.fct" in found.stdout
    assert found.stderr == (
        f"warning: the registry {(out / 'registry').as_uri()} cannot be read (it is truncated): using the compiled dependencies"
        "\n"
    )


def test_a_dag_that_waits_for_nothing(out):
    deploy(out, a_spec(a_task("a")))
    assert waits("playground_daily").stdout == (
        'playground_daily: daily, "10 0 * * *" UTC. Times are in UTC.\n'
        "No waits: none of its tasks depends on an asset of another DAG.\n"
    )


def test_one_asset(out):
    deploy(
        out,
        a_spec(
            a_task("a", assets=("playground.mine",), reads=("shipping.near",)),
            sensors=(a_wait("fct"), a_wait("dim")),
        ),
    )
    for name in ("fct", "shipping.fct", "wait_for__hard_dependencies.fct"):
        found = waits("playground_daily", name, "--runs", "1").stdout
        assert "marts.fct" in found
        assert "marts.dim" not in found
    assert waits("playground_daily", "fcts", code=2).stderr == (
        'playground_daily does not wait for "fcts"\n  hint: did you mean "fct"?\n'
    )
    assert waits("playground_daily", "mine", code=2).stderr == (
        "playground_daily does not wait for mine: one of its own tasks produces it\n"
    )
    assert waits("playground_daily", "near", code=2).stderr == (
        "playground_daily reads near without waiting for it (no_wait)\n"
    )


def test_what_cannot_be_known(out, monkeypatch):
    deploy(out, a_spec(a_task("a")))
    assert waits("playground_dayly", code=2).stderr == (
        'DAG "playground_dayly" not found in out/dags\n  hint: did you mean "playground_daily"?\n'
    )
    assert waits("x", code=2).stderr.endswith("  hint: available DAGs: playground_daily\n")
    assert "is not a valid time" in waits("playground_daily", "--from", "soon", code=2).stderr
    (out / "dags" / "playground_daily.json").write_text('{"format_version": 1')
    assert waits("playground_daily", code=2).stderr == (
        "out/dags/playground_daily.json: SCH422 this file is truncated or not JSON: Input data was truncated\n"
        "  hint: run `dbt-scheduler compile` again and deploy the .json file together with its .py file\n"
        "1 error\n"
    )
    (out / "dags" / "playground_daily.json").write_text('{"format_version": 9}')
    assert (
        "has format_version 9, which was written by a newer dbt-scheduler"
        in waits("playground_daily", code=2).stderr
    )
    assert waits("x", "--out", "elsewhere", code=2).stderr == (
        "no compiled DAGs found in elsewhere/dags\n"
        "  hint: set --out to the output folder of `dbt-scheduler compile`\n"
    )
    monkeypatch.chdir(out)
    (out / "dags" / "playground_daily.json").unlink()
    assert "in dags or out/dags" in waits("x", code=2).stderr


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        (Schedule("soon"), 'cron "soon" has 1 field'),
        (Schedule("0 0 * * *", "Mars/Base"), 'timezone "Mars/Base" is unknown'),
        (Schedule("0 0 * * *", start_date="2025-13-01"), 'start_date "2025-13-01" is not a valid date'),
        (Schedule("0 0 * * *", grain="eon"), 'grain "eon"'),
    ],
)
def test_a_spec_with_an_invalid_schedule_is_reported(out, schedule, reason):
    hint = "\n  hint: run `dbt-scheduler compile` again and deploy the .json file together with its .py file\n1 error\n"
    for spec in (
        a_spec(a_task("a"), schedule=schedule),
        a_spec(a_task("a"), sensors=(a_wait("fct", schedule=schedule),)),
    ):
        deploy(out, spec)
        said = waits("playground_daily", code=2).stderr
        assert said.startswith(
            f"out/dags/playground_daily.json: SCH422 this file has an unsupported schedule: {reason}"
        )
        assert said.endswith(hint)


def test_the_folder_at_hand_may_be_the_output_itself(out, monkeypatch):
    deploy(out, a_spec(a_task("a")))
    monkeypatch.chdir(out)
    waits("playground_daily")


def test_the_manual_shows_what_is_printed(monkeypatch):
    """Each `$ dbt-scheduler waits` in docs/waiting.md, run on the example teams."""
    root = Path(__file__).parents[3]
    monkeypatch.chdir(root / "integration_tests" / "expected")
    blocks = (root / "docs" / "waiting.md").read_text().split("```\n")
    shown = [block for block in blocks if block.startswith("$ dbt-scheduler waits ")]
    assert len(shown) == 3
    for block in shown:
        command, _, printed = block.partition("\n")
        assert waits(*command.split()[3:]).stdout == printed
