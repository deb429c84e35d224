select * from {{ ref("dim_customers") }}, {{ source("transactions", "fct_orders") }}
