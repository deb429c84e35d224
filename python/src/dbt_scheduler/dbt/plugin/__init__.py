"""A folder for dbt's path: dbt imports every module in it whose name begins with ``dbt_``, and each stands alone."""
