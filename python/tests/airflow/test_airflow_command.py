"""The command operator: the environment of its process, its output, and how it ends."""

import ast
import fcntl
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.execution_time.timeout import timeout

from airflow_names import AirflowTaskTimeout
from builders import python
from dbt_scheduler.airflow import operators
from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.operators import USUAL, CommandOperator
from dbt_scheduler.config.platform import DEFAULT_PLATFORM


def an_operator(folder: Path, command: list[str], **rest: Any) -> CommandOperator:
    """The operator, in a DAG whose file is in the folder ``dags``."""
    (folder / "dags").mkdir()
    dag = DAG("some_dag", schedule=None)
    dag.fileloc = str(folder / "dags" / "some_dag.py")
    return CommandOperator(task_id="some_task", dag=dag, command=command, **{"cwd": "..", **rest})


def run(operator: CommandOperator) -> None:
    """Run it without Airflow."""
    operator.execute.__wrapped__(operator, {})  # type: ignore[attr-defined]


def test_runs_in_the_folder_relative_to_the_spec_and_adds_to_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_THE_WORKER", "1")
    code = "import os; open('seen', 'w').write(os.environ['FROM_THE_WORKER'] + os.environ['FROM_THE_TASK'])"
    run(an_operator(tmp_path, python(code), env={"FROM_THE_TASK": "2"}, pass_env=["FROM_THE_WORKER"]))
    assert (tmp_path / "seen").read_text() == "12"


WORKERS = {
    "AIRFLOW__CORE__FERNET_KEY": "a key of all connections",
    "AIRFLOW_CONN_WAREHOUSE": "postgres://me:secret@host",
    "AIRFLOW_VAR_TOKEN": "secret",
    "_AIRFLOW__SOMETHING": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "GOOGLE_APPLICATION_CREDENTIALS": "/a/key.json",
    "DBT_ENV_SECRET_A": "secret",
    "DBT_ENV_SECRET_B": "secret",
    "HTTPS_PROXY": "http://me:secret@proxy",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


@pytest.mark.parametrize(
    ("pass_env", "expected"),
    [
        ([], set()),
        (["GOOGLE_APPLICATION_CREDENTIALS", "NOT_SET"], {"GOOGLE_APPLICATION_CREDENTIALS"}),
        (["DBT_ENV_SECRET_*"], {"DBT_ENV_SECRET_A", "DBT_ENV_SECRET_B"}),
        (["A*", "_*"], {"AWS_SECRET_ACCESS_KEY"}),
        (["AIRFLOW_CONN_WAREHOUSE"], {"AIRFLOW_CONN_WAREHOUSE"}),
        (["HTTPS_PROXY"], {"HTTPS_PROXY"}),
    ],
)
def test_a_command_does_not_get_the_workers_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pass_env: list[str], expected: set[str]
) -> None:
    for name, value in WORKERS.items():
        monkeypatch.setenv(name, value)
    run(
        an_operator(
            tmp_path, python("import os; open('seen', 'w').write(repr(set(os.environ)))"), pass_env=pass_env
        )
    )
    seen = ast.literal_eval((tmp_path / "seen").read_text())
    assert seen & WORKERS.keys() == {"LC_ALL", "TZ"} | expected


def test_what_is_always_passed_is_documented() -> None:
    text = DEFAULT_PLATFORM.read_text()
    assert [name for name in USUAL if name not in text] == []


def test_what_is_passed_is_masked_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_TOKEN", "hunter2!!")
    operator = an_operator(
        tmp_path, ["sh", "-c", 'echo "with $DBT_ENV_SECRET_TOKEN"; exit 1'], pass_env=["DBT_ENV_SECRET_*"]
    )
    with pytest.raises(AirflowException) as failure:
        run(operator)
    assert str(failure.value) == "sh failed with exit code 1. Its last output:\nwith ***"


@pytest.mark.parametrize(
    "text",
    ["$(touch broken)", "; rm -rf .", "a b\tc", '"', "'", "\\", "`id`", "*", "", "naïve ☃", "-rf", "{{ 1 }}"],
)
def test_an_argument_arrives_as_it_was_written(tmp_path: Path, text: str) -> None:
    run(an_operator(tmp_path, [*python("import sys; open('seen', 'w').write(repr(sys.argv[1:]))"), text]))
    assert (tmp_path / "seen").read_text() == repr([text])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dags", "seen"]


def test_shows_the_output_line_by_line_while_it_comes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import sys; print('one', flush=1); print('two', file=sys.stderr); sys.stdout.buffer.write(b'\\xff')"
    )
    operator = an_operator(tmp_path, python(code))
    run(operator)
    shown = [line.split("[info     ] ")[1].split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    assert [text.split(" [")[0].strip() for text in shown[1:]] == ["one", "two", "\\xff"]


def test_a_failure_has_the_exit_code_and_the_last_lines(tmp_path: Path) -> None:
    operator = an_operator(tmp_path, ["sh", "-c", "seq 1 30; exit 7"])
    with pytest.raises(AirflowException) as failure:
        run(operator)
    last = "\n".join(str(number) for number in range(11, 31))
    assert str(failure.value) == f"sh failed with exit code 7. Its last output:\n{last}"


def test_a_failure_does_not_tell_secrets(tmp_path: Path) -> None:
    operator = an_operator(
        tmp_path, ["sh", "-c", 'echo "with $DB_PASSWORD"; exit 1'], env={"DB_PASSWORD": "hunter2!"}
    )
    with pytest.raises(AirflowException) as failure:
        run(operator)
    assert str(failure.value) == "sh failed with exit code 1. Its last output:\nwith ***"


def test_a_program_that_is_not_there_is_a_clear_failure(tmp_path: Path) -> None:
    operator = an_operator(tmp_path, ["no-such-program"])
    with pytest.raises(
        AirflowException, match=r"could not start no-such-program in .*: No such file or directory"
    ):
        run(operator)


def test_a_timeout_ends_the_command_and_what_it_started(tmp_path: Path) -> None:
    operator = an_operator(tmp_path, ["sh", "-c", "sleep 600 & echo $! > child; wait"])
    with pytest.raises(AirflowTaskTimeout), timeout(600), _once_started(tmp_path, signal.SIGALRM):
        run(operator)
    _assert_gone(int((tmp_path / "child").read_text()))


def test_a_command_that_ignores_gentle_signals_is_killed(tmp_path: Path) -> None:
    operator = an_operator(
        tmp_path, ["sh", "-c", "trap '' INT TERM; echo $$ > child; while :; do sleep 1; done"]
    )
    with pytest.raises(AirflowTaskTimeout), timeout(600), _once_started(tmp_path, signal.SIGALRM):
        run(operator)
    _assert_gone(int((tmp_path / "child").read_text()))


def test_a_kill_by_airflow_ends_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        operators, "_PATIENCE_SECONDS", 60
    )  # what ends by the first signal gets no second, on any machine
    operator = an_operator(tmp_path, ["sh", "-c", "echo $$ > child; sleep 600"])
    old = signal.signal(signal.SIGTERM, lambda *_: operator.on_kill())  # like Airflow's task runner
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    started = time.monotonic()
    try:
        with (
            pytest.raises(AirflowException, match="was stopped by SIGINT"),
            _once_started(tmp_path, signal.SIGTERM),
        ):
            run(operator)
    finally:
        signal.signal(signal.SIGTERM, old)
        signal.signal(signal.SIGINT, ignored)
    assert time.monotonic() - started < 300  # it did not wait for the stopped process
    _assert_gone(int((tmp_path / "child").read_text()))


_HOLDING_A_LOCK = """\
import fcntl, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
with open("state", "a") as state:
    fcntl.flock(state, fcntl.LOCK_EX)
    open("started", "w").close()
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        state.write("interrupted")
"""


def test_a_command_ends_when_its_worker_is_killed(tmp_path: Path) -> None:
    operator = an_operator(tmp_path, python(_HOLDING_A_LOCK))
    worker = multiprocessing.get_context("fork").Process(target=run, args=(operator,))
    worker.start()
    while not (tmp_path / "started").exists():
        assert worker.is_alive()
        time.sleep(0.05)
    worker.kill()
    worker.join()
    with (tmp_path / "state").open() as state:
        fcntl.flock(state, fcntl.LOCK_EX)  # until the command has ended
        assert state.read() == "interrupted"


@contextmanager
def _once_started(folder: Path, number: signal.Signals) -> Iterator[None]:
    """Send a signal to this process after the command has written the pids that must be gone later."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            if (folder / "child").is_file() and (folder / "child").read_text().endswith("\n"):
                os.kill(os.getpid(), number)
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _assert_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return
        if status.rpartition(")")[2].split()[0] == "Z":  # ended, but not yet reaped
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} still runs")
