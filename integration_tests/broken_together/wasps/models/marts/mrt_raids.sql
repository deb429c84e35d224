select * from {{ source('ants', 'fct_supplies') }} -- SCH308
