select carrier_id, carrier, price from {{ source("carriers", "carrier_rates") }}
