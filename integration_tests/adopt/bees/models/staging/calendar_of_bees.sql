select day from {{ ref("calendar") }}
