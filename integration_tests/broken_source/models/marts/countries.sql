-- The table is declared under `global_assets`: dbt itself refuses this.
select customer_id, country_id
from {{ source("predictions", "dim_customers") }}
