"""Reads a DAG spec from the file beside its stub, and says clearly when it cannot."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dbt_scheduler.spec import FORMAT_VERSION, DagSpec

if TYPE_CHECKING:
    from airflow.sdk import DAG

_AGAIN = "Run `dbt-scheduler compile` again and deploy the .json file together with its .py file."


class SpecError(Exception):
    """A DAG spec cannot be used: Airflow shows the message as the file's import error."""


class _Head(msgspec.Struct, frozen=True):
    """The one field that every version of the format has."""

    format_version: int


def load_dag(stub: str) -> "DAG":
    """The DAG of the spec beside ``stub`` (a stub's ``__file__``): ``{dag_id}.json`` beside ``{dag_id}.py``.

    Raises SpecError when the spec is missing, unreadable, of a newer format, or without tasks: Airflow then
    shows an import error. There is never an empty DAG, which would look like a DAG with nothing to do.
    """
    from dbt_scheduler.airflow.build import build_dag  # noqa: PLC0415 - reading specs alone needs no Airflow

    path = Path(stub)
    return build_dag(read_spec(path.with_suffix(".json")), path)


def load_resume_dag(
    stub: str, *, airflow_connection: str, registry_url: str | None, alerts: tuple[str, str]
) -> "DAG":
    """The sweep's DAG; its registry is the folder beside the DAGs' when no URL is given."""
    from dbt_scheduler.airflow.sweeper import build_resume_dag  # noqa: PLC0415

    return build_resume_dag(
        stub, airflow_connection=airflow_connection, registry_url=registry_url, alerts=alerts
    )


def read_spec(path: Path) -> DagSpec:
    """The spec in a file; SpecError names the file and what to do about it."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise SpecError(f"The DAG spec {path} is missing. {_AGAIN}") from None
    except OSError as error:
        raise SpecError(f"The DAG spec {path} cannot be read: {error.strerror}. {_AGAIN}") from None
    spec = _decode(path, text)
    if not spec.tasks:
        raise SpecError(f"The DAG spec {path} has no tasks. {_AGAIN}")
    if spec.dag_id != path.stem:
        raise SpecError(
            f"The DAG spec {path} is of another DAG, {spec.dag_id}: files must not be renamed. {_AGAIN}"
        )
    return spec


def _decode(path: Path, text: bytes) -> DagSpec:
    try:
        version = msgspec.json.decode(text, type=_Head).format_version
        if version > FORMAT_VERSION:
            raise SpecError(
                f"The DAG spec {path} has format {version}, and this dbt-scheduler reads up to "
                f"{FORMAT_VERSION}: it was compiled by a newer one. "
                "Upgrade dbt-scheduler in Airflow's environment."
            )
        return msgspec.json.decode(text, type=DagSpec)
    except msgspec.ValidationError as error:
        raise SpecError(
            f"The DAG spec {path} is no DAG spec of format {FORMAT_VERSION}: {error}. {_AGAIN}"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"The DAG spec {path} is cut off or no JSON: {error}. {_AGAIN}") from None
