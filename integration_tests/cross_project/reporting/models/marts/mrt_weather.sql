select * from {{ ref("elsewhere", "rain") }}
