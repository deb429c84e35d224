select flight_id as hive_id from {{ ref("stg_flights") }}
