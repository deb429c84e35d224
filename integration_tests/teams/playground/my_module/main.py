"""Fills the source table predictions.produced_output_table, as a model's scoring job would."""

import os

import duckdb

with duckdb.connect(os.environ.get("WAREHOUSE", "../warehouse.duckdb")) as warehouse:
    warehouse.execute("create schema if not exists predictions")
    warehouse.execute(
        "create or replace table predictions.produced_output_table as "
        "select user_id, user_id * 2 as shipment_id, clicks / 7 as score from playground.input_dbt_model"
    )
