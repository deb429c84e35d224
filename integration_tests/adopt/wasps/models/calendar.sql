select 2 as day
