select hive_id from {{ source('apiary', 'hives') }}
