select * from {{ source('bees', 'bees_model') }} -- SCH309
