"""Alerts to teams about failures, missed SLOs and resumed runs."""
