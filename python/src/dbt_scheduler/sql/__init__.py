"""What SQL that dbt has compiled reads."""
