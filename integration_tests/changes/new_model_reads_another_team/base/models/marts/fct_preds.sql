select 1 as shipment_id
