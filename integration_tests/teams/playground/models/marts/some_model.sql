select p.customer_id, p.predicted_value, r.amount
from {{ source("predictions", "my_produced_source") }} as p
left join {{ source("global_assets", "mrt_revenue_by_segment") }} as r using (segment)
