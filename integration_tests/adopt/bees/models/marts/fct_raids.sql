select * from {{ source('colony', 'trails') }}
