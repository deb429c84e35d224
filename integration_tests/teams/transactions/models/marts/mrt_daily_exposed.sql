select country, carrier, count(*) as shipments, sum(amount) as amount
from {{ ref("fct_orders") }}
join {{ ref("countries") }} using (country_id)
join {{ source("shipping", "fct_shipments") }} using (order_id)
join {{ source("shipping", "dim_carriers") }} using (carrier_id)
group by all
