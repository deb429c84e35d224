"""The next file for a worker of pytest-xdist."""

import pytest

from shared_out import next_file

A1, A2, A3 = (f"tests/airflow/test_{number}.py" for number in (1, 2, 3))
LONG = "tests/airflow/test_airflow_docker.py"
ALERTS, WAITS, CHECKS = "tests/airflow/alerts/test_1.py", "tests/waits/test_1.py", "tests/checks/test_1.py"


@pytest.mark.parametrize(
    ("left", "own", "begun", "file"),
    [
        pytest.param([CHECKS, WAITS, A1], [], [], A1, id="a folder that takes long is begun first"),
        pytest.param([WAITS, CHECKS, A2], [A1], [A1], A2, id="a worker goes on with its folder"),
        pytest.param([WAITS, ALERTS], [A1], [A1], ALERTS, id="with a folder inside of it, too"),
        pytest.param([A2, WAITS], [CHECKS], [CHECKS, A1], WAITS, id="then it begins one that nobody has"),
        pytest.param(
            [WAITS, A2, A3], [CHECKS], [CHECKS, WAITS, A1], A2, id="then it helps where most is left"
        ),
        pytest.param(
            ["tests/waits/test_2.py", A2, A3],
            [WAITS, CHECKS],
            [A1, WAITS, CHECKS],
            "tests/waits/test_2.py",
            id="but first where it has been",
        ),
        pytest.param(
            ["tests/test_spec.py"], [WAITS], [WAITS], "tests/test_spec.py", id="a file in no folder"
        ),
    ],
)
def test_which_file_is_next(left: list[str], own: list[str], begun: list[str], file: str) -> None:
    assert next_file(left, own, begun) == file
