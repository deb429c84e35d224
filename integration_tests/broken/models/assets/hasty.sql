select * from {{ source("transactions", "dim_customers") }}
