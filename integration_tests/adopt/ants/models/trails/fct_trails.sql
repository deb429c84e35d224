{{ config(alias="trails") }}

-- trails end where hives are
select a.anthill_id, h.hive_id
from {{ source('analytics', 'anthills') }} as a
cross join {{ source('apiary', 'hives') }} as h
cross join {{ source("apiary", "flowers") }} as f
