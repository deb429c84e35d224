select *
from {{ source( 'bees',  'stg_flights' ) }}
where exists (select 1 from {{ source('bees', 'weather') }})
