"""YAML files as plain values that still know the line of every key, for findings that point at it."""

from dbt_scheduler.document.places import Document, Path, Surprise, show
from dbt_scheduler.document.properties import locate_in_yml
from dbt_scheduler.document.reader import load_yaml, parse_yaml, read_text

__all__ = ["Document", "Path", "Surprise", "load_yaml", "locate_in_yml", "parse_yaml", "read_text", "show"]
