{{ config(
    partition_by={"field": "ordered_at", "data_type": "timestamp", "granularity": "day"},
    cluster_by=["customer_id"],
    labels={"team": "transactions"},
) }}
select * from {{ ref("stg_orders") }}
