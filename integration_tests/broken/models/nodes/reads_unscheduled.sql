select *, {{ function("never_built") }}(1) as one
from {{ ref("unscheduled") }}, {{ ref("unscheduled_view") }}, {{ ref("unscheduled_seed") }}
