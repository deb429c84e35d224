select * from {{ source('bees', 'fct_honey') }} -- promises nothing itself
