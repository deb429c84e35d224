select * from {{ ref("orders", "dim_products", v=1) }}
