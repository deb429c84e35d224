{% set tables = ['trails'] %}
select * from {{ source('everybody', 'dim_flowers') }}
{% for table in tables %} cross join {{ source('analytics', table) }} {% endfor %}
