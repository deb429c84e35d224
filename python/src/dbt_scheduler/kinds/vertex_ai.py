"""Custom jobs of Google Cloud's Vertex AI."""

from dbt_scheduler.kinds import Kind

PLUGIN = Kind(description="a Vertex AI custom job", where="vertex-ai")
