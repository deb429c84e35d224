select user_id, if(predicted_value > 0.5, 'active', 'quiet') as segment from {{ ref("fct_preds") }}
