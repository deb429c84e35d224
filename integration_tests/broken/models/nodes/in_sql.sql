{{ config(meta={"scheduler": "daily"}) }} select 1 as id
