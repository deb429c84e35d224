select
    i as order_id, i % 40 as customer_id, i % 3 + 1 as country_id, 5 + i % 20 as amount,
    timestamp '2025-09-09' + to_minutes(i::int) as ordered_at
from range(1440) as orders (i)
