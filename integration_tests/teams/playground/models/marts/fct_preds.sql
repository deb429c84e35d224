select user_id, shipment_id, score as predicted_value
from {{ source("predictions", "produced_output_table") }}
