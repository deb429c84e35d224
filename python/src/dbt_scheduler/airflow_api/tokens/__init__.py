"""Sources of tokens for Airflow's API other than Airflow's own login, for managed Airflows: one module each.

The connection selects one in its extra field, as ``{"token": "bearer"}``.
"""

from collections.abc import Callable
from functools import cache

import msgspec

from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.plugin_folder import plugins


class TokenSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source of tokens.

    ``token`` makes a token from the connection's password, and is called again when Airflow rejects the last one. It
    raises AirflowApiError with what to do, and may raise ImportError if ``requirement`` is not installed. ``refused``
    is what to do if Airflow rejects the token.
    """

    description: str
    token: Callable[[str], str]
    refused: str
    requirement: str | None = None


@cache
def sources() -> dict[str, TokenSource]:
    """All sources by name."""
    return plugins(__name__, TokenSource)


_REFUSED = "check that all API servers use the same jwt_secret, and that their clocks are correct"
"""What to do if Airflow rejects a token that it granted itself."""


def advice_on_refusal(source: str | None) -> str:
    """What to do if Airflow rejects a token of this source; None: Airflow's own login."""
    return sources()[source].refused if source else _REFUSED


def new_token(source: str, password: str) -> str:
    """A token of this source. Raises AirflowApiError if there is no such source, or it cannot make one."""
    found = sources().get(source)
    if found is None:
        known = ", ".join(sources())
        raise AirflowApiError(
            f'Unknown token source "{source[:40]}" in the extra field of the connection to Airflow; '
            f"available token sources: {known}."
        )
    try:
        return found.token(password)
    except ImportError:
        raise AirflowApiError(
            f'The token source "{source}" requires a package that is not installed: pip install '
            f'"{found.requirement}".'
        ) from None
