select *
from {{ ref("fct_preds") }}
left join {{ source("shipping", "fct_shipments") }} as s on fct_preds.shipment_id = s.shipment_id
