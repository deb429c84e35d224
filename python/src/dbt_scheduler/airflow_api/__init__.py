"""Airflow's public REST API: the one place that asks it."""
