"""dbt with BigQuery, offline: the settings that a connection requires before its first request."""

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def write_key(path: Path) -> Path:
    """Write the key of a service account that has no access to anything."""
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = {"type": "service_account", "project_id": "nobody", "private_key": pem.decode()}
    path.write_text(
        json.dumps(key | {"client_email": "nobody@localhost", "token_uri": "https://localhost/token"})
    )
    return path
