select * from {{ ref("orders", "fct_orders") }}
