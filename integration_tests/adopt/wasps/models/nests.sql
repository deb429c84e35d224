select s.* from {{ source('analytics', 'stings') }} as s
