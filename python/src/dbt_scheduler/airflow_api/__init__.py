"""Airflow's public REST API: the only package that calls it."""
