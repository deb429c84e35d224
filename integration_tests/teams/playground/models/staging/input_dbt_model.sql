select user_id, clicks from {{ source("events", "some_source") }}
