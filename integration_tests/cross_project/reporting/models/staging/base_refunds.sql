{{ config(materialized="ephemeral") }}
select * from {{ ref("orders", "fct_refunds") }}
