"""Removes waiting times from these tests."""

import pytest

from dbt_scheduler.airflow_api import http
from dbt_scheduler.resume import satisfy as satisfying


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Set all pauses to zero."""
    monkeypatch.setattr(http, "_PAUSE_SECONDS", 0)
    monkeypatch.setattr(satisfying, "_LOOK_AGAIN_SECONDS", 0)
    monkeypatch.setattr(satisfying, "_SETTLE_SECONDS", 0)
