select * from {{ source("raw", "fct_orders") }}, {{ source("warehouse", "dim_customers") }}
