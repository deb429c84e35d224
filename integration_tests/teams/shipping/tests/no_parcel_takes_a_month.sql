select * from {{ ref("fct_shipments") }} where days > 30
