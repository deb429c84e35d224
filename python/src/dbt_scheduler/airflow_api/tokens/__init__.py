"""Where a token for Airflow's API comes from, if not from Airflow's own login: one module each, for managed Airflows.

The connection names it in its extra field, as ``{"token": "bearer"}``.
"""

from collections.abc import Callable
from functools import cache

import msgspec

from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.plugin_folder import plugins


class TokenSource(msgspec.Struct, frozen=True, kw_only=True):
    """A way to get a token.

    ``token`` makes one of the connection's password, and is called again when Airflow no longer takes the last. It
    raises AirflowApiError with what to do; the ImportError of a library that ``requirement`` installs is left to it.
    ``refused`` is what to do where Airflow does not take the token.
    """

    description: str
    token: Callable[[str], str]
    refused: str
    requirement: str | None = None


@cache
def sources() -> dict[str, TokenSource]:
    """Every source, by its name."""
    return plugins(__name__, TokenSource)


_REFUSED = "check that all API servers use the same jwt_secret, and that their clocks are correct"
"""Where Airflow does not take the token that it has given itself."""


def advice_on_refusal(source: str | None) -> str:
    """What to do where Airflow does not take a token of this source."""
    return sources()[source].refused if source else _REFUSED


def new_token(source: str, password: str) -> str:
    """A token of this source; AirflowApiError if there is no such source, or it has none to give."""
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
