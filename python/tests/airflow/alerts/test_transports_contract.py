"""What must hold for every way to send alerts, including new ones."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dbt_scheduler.airflow.alerts.messages import Link, Message, plain
from dbt_scheduler.airflow.alerts.sending import Destination, send
from dbt_scheduler.airflow.alerts.transports import transports

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
HOSTILE = "<!channel> & <https://x|y> *b* `c` {{ conn.x.password }} \x1b[31m \u202e"
MESSAGE = Message((HOSTILE, Link(HOSTILE, "https://x/?a=b&c=|d>")), (HOSTILE, "@a"))


@pytest.mark.parametrize("name", transports())
@pytest.mark.parametrize("channel", ["#alerts", None])
def test_a_connection_that_is_missing_never_raises_and_what_was_not_sent_is_in_the_log(
    name: str,
    channel: str | None,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A way that requires no connection may have sent it."""
    monkeypatch.chdir(tmp_path)
    sent = send(Destination(name, "no_such_connection", channel), MESSAGE)
    said = [record.getMessage() for record in caplog.records if plain(MESSAGE) in record.getMessage()]
    assert ["could not be sent" in text for text in said if name != "log"] == [True] * (not sent)


@pytest.mark.parametrize("name", [name for name, each in transports().items() if each.requirement])
def test_a_library_that_is_missing_is_named(
    name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = transports()[name]
    for module in [*sys.modules]:
        if module.startswith("airflow.providers."):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "airflow.providers", None)
    assert not send(Destination(name, "a_connection", "#alerts"), MESSAGE)
    assert f"Install {declared.requirement} in Airflow's environment." in caplog.text


@pytest.mark.parametrize("name", transports())
def test_what_a_means_needs_is_in_its_extra(name: str) -> None:
    declared = transports()[name]
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    needed = extras[declared.extra] if declared.extra else []
    assert any(each.startswith(declared.requirement or "?") for each in needed) == bool(declared.extra)


def test_declarations_need_no_airflow() -> None:
    program = (
        "import sys; sys.modules['airflow'] = sys.modules['slack_sdk'] = None; "
        "from dbt_scheduler.airflow.alerts.transports import transports; print(*transports())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [*transports()]
