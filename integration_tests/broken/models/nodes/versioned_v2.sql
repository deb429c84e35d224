{{ config(alias="versioned_two") }} select 1 as id
