"""The errors of Airflow's API, in a module that is fast to import."""


class AirflowApiError(Exception):
    """Airflow's API did not respond, or with an error; the message says what to do, and contains no secrets."""


class AirflowUnauthorizedError(AirflowApiError):
    """Airflow rejects the token, or no longer accepts it; another token may work."""


class AirflowForbiddenError(AirflowApiError):
    """The connection's user does not have the permission: retries and other requests of this kind will fail too."""
