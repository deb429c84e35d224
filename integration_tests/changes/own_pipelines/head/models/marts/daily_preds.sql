select * from {{ ref("fct_preds") }}
