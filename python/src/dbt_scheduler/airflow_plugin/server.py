"""The names of Airflow's API server that the plugin uses, checked against 3.1.8, 3.2.2 and 3.3.0."""

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import get_user
from airflow.configuration import conf
from airflow.models.dag import DagModel
from airflow.models.serialized_dag import SerializedDagModel
from airflow.utils.session import create_session

__all__ = [
    "BaseUser",
    "DagModel",
    "SerializedDagModel",
    "conf",
    "create_session",
    "get_auth_manager",
    "get_user",
]
