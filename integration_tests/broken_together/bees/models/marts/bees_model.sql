select * from {{ source('ants', 'ants_model') }} -- SCH309
