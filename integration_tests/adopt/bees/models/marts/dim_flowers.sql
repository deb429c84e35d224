select 1 as flower_id
