select * from {{ ref("unscheduled") }}, {{ ref("unscheduled_view") }}, {{ ref("unscheduled_seed") }}
