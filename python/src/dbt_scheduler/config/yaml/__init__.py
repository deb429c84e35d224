"""YAML files as plain values with the line of every key, for findings."""

from dbt_scheduler.config.yaml.document import Coercion, Document, Path, format_path
from dbt_scheduler.config.yaml.reader import load_yaml, parse_yaml, read_text

__all__ = ["Coercion", "Document", "Path", "format_path", "load_yaml", "parse_yaml", "read_text"]
