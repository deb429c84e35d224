select carrier_id, carrier from {{ source("carriers", "carrier_rates") }}
