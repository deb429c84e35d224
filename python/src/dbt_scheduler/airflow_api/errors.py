"""What goes wrong when Airflow's API is asked, for whoever asks it: importing this costs nothing."""


class AirflowApiError(Exception):
    """Airflow's API did not answer, or not as it should: the message says what to do, and holds no secret."""


class AirflowUnauthorizedError(AirflowApiError):
    """Airflow does not take the token, or not any more: another one may do."""


class AirflowForbiddenError(AirflowApiError):
    """The connection's user may not do what was asked: no further try and no other request will do."""
