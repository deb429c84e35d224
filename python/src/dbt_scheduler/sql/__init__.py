"""Analyses SQL that dbt has compiled."""
