select i as order_id, i as shipment_id, i % 2 as carrier_id, i % 9 + 1 as days
from range(0, 1440, 2) as parcels (i)
