select * from {{ source('analytics', 'nests') }}
cross join {{ source('theirs', 'fct_raids') }}
cross join {{ source('analytics', 'calendar') }}
