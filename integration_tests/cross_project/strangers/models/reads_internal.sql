select * from {{ ref("orders", "mrt_internal") }}
