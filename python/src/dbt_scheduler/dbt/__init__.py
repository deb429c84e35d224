"""What runs inside dbt, in whatever environment it has: each module stands alone, with dbt and Python only."""
