-- The table is declared under `global_assets`: dbt itself reports this error.
select customer_id, country_id
from {{ source("predictions", "dim_customers") }}
