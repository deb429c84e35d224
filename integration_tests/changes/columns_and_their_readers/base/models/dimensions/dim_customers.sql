select 1 as customer_id, 'nl' as country_id
