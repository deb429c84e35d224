select carrier, segments.segment, country_id, avg(days) as days
from {{ ref("fct_shipments") }}
join {{ ref("dim_carriers") }} using (carrier_id)
join {{ source("global_assets", "dim_customers") }} using (customer_id)
left join {{ source("playground", "dim_segments") }} as segments on customer_id = user_id
group by all
