"""YAML files as plain values that still know the line of every key, for findings that point at it."""

from dbt_scheduler.config.yaml.document import Document, Path, Surprise, show
from dbt_scheduler.config.yaml.reader import load_yaml, parse_yaml, read_text

__all__ = ["Document", "Path", "Surprise", "load_yaml", "parse_yaml", "read_text", "show"]
