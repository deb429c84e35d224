select customer_id, any_value(country_id) as country_id, any_value(segment) as segment, count(*) as orders
from {{ ref("stg_orders") }}
left join {{ source("playground", "dim_segments") }} on customer_id = user_id
group by customer_id
