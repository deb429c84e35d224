"""Real dbt runs tasks' commands on a project that changed since it was compiled: they fail each time."""

import os
import subprocess

import pytest

from dbt_team import DbtTeam

DAILY = {"meta": {"scheduler": {"pipelines": ["daily"]}}}
SILENT = {
    "quiet": True,
    "log_format": "json",
    "warn_error_options": {"silence": ["NoNodesForSelectionCriteria"]},
}
MISSING = "The selection criterion 'fqn:shop.{}' does not match any enabled nodes"
NOTHING = "Nothing to do. Try checking your model configs and model specification args"


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """Two models and a test, in a project without warning settings, and with tests as separate tasks."""
    columns = [{"name": "id", "data_tests": ["not_null"]}]
    return DbtTeam(
        tmp_path_factory.mktemp("team"),
        {
            "models/orders.sql": "select 1 as id",
            "models/revenue.sql": "select 1 as id",
            "models/models.yml": {
                "models": [
                    {"name": "orders", "config": DAILY, "columns": columns},
                    {"name": "revenue", "config": DAILY | {"enabled": "{{ target.name == 'dev' }}"}},
                ]
            },
            "scheduler.yaml": "version: 0.17\nteam: shop\ndbt_settings: {tests: after}\n",
        },
        flags=SILENT,
    )


@pytest.fixture(scope="module")
def commands(team):
    return {task.task_id: task.arguments["command"] for task in team.compile().tasks}


def run(team, command, **environment):
    env = {k: v for k, v in os.environ.items() if not k.startswith("DBT_")} | environment
    done = subprocess.run(command, cwd=team.folder, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_what_is_still_there_is_built_and_tested(team, commands):
    for task in ("orders", "dbt_tests.orders"):
        assert run(team, commands[task])[0] == 0


def test_a_model_that_another_target_disables(team, commands):
    code, said = run(team, [*commands["revenue"], "--target", "prod"])
    assert (code, MISSING.format("revenue") in said) == (2, True)


def test_a_model_whose_file_is_empty_now(team, commands):
    (team.folder / "models/revenue.sql").write_text("")
    code, said = run(team, commands["revenue"])
    assert (code, NOTHING in said) == (2, True)


def test_a_test_that_vanished(team, commands):
    (team.folder / "models/models.yml").unlink()
    code, said = run(team, commands["dbt_tests.orders"])
    assert (code, MISSING.format("not_null_orders_id") in said) == (2, True)
