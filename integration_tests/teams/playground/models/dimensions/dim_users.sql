select user_id, 'user ' || user_id as name from {{ ref("input_dbt_model") }}
