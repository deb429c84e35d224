select 1 as anthill_id
