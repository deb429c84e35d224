select * from {{ source('global_assets', 'dim_hives') }} -- SCH302
