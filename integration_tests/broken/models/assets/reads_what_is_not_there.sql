select *
from
    {{ source("global_assets", "dim_customrs") }},
    {{ source("global_assets", "stg_parcels") }},
    {{ source("global_assets", "groupless") }},
    {{ source("broken", "in_two_pipelines") }},
    {{ source("shiping", "fct_shipments") }},
    {{ source("shipping", "fct_shipment") }}
