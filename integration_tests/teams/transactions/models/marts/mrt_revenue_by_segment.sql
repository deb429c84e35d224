select segment, sum(amount) as amount
from {{ ref("fct_orders") }}
join {{ ref("dim_customers") }} using (customer_id)
group by segment
