{{ config(
    partition_by={"field": "ordered_at", "data_type": "timestamp", "granularity": "day"} if target.type == "bigquery" else none,
    cluster_by=["customer_id"],
    labels={"team": "transactions"},
) }}
select * from {{ ref("stg_orders") }}
