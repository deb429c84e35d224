select shipment_id, order_id, carrier_id, customer_id, days, ordered_at
from {{ ref("stg_parcels") }}
join {{ source("transactions", "fct_orders") }} using (order_id)
