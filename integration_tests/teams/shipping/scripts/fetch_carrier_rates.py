"""Fills the source table carriers.carrier_rates, as a job that calls a carrier's API would."""

import os

import duckdb

with duckdb.connect(os.environ.get("WAREHOUSE", "../warehouse.duckdb")) as warehouse:
    warehouse.execute("create schema if not exists carriers")
    warehouse.execute(
        "create or replace table carriers.carrier_rates as "
        "select * from (values (0, 'Snail', 1.5), (1, 'Hare', 4.0)) as rates (carrier_id, carrier, price)"
    )
