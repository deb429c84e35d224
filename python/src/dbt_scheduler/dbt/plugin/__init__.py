"""A folder for PYTHONPATH: dbt imports every module in it whose name begins with ``dbt_``; each is self-contained."""
