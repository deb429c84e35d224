select o.id
from {{ ref("orders", "fct_orders") }} as o, {{ ref("orders", "dim_products") }}, {{ ref("base_refunds") }}
