select * from {{ source('apiary', 'hives') }} where hive_id < 0
