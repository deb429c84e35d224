"""Writes what was compiled: specs with their stubs, registry entries and their bases; same input, same bytes."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from dbt_scheduler.catalogue.inputs import SCH407
from dbt_scheduler.compiler.specs import Compiled
from dbt_scheduler.errors import CannotRunError
from dbt_scheduler.files import encode_json, write_atomically
from dbt_scheduler.registry import Base
from dbt_scheduler.spec import RESUME_DAG, RESUME_STUB, STUB, DagSpec


class _Owner(msgspec.Struct):
    team: str | None = None


def write_output(out: Path, compiled: Iterable[Compiled], versions: Mapping[str, str] | None = None) -> None:
    """Write ``dags/`` and ``registry/`` below ``out``, and remove the DAGs that these teams no longer have.

    ``versions`` are those of the registry that this was compiled against. Each team's goes to ``base/``, for
    ``publish`` to compare; without a registry there is none.

    Raises:
        CannotRunError: something cannot be written; every file is then either its old self or its new one.

    """
    compiled = tuple(compiled)
    with writing(out):
        _write(_files(out, compiled))
        _remove_old(out / "dags", compiled)
        # After the entries: an old entry beside a new base would be published over what it has never seen.
        _write_bases(out / "base", compiled, versions)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns a failure to write below a folder into its finding.

    Raises:
        CannotRunError: something cannot be written.

    """
    try:
        yield
    except OSError as error:
        problem = (error.strerror or "it failed").lower()
        hint = "choose another folder, or make this one writable"
        path = str(error.filename or folder)
        raise CannotRunError.because(SCH407.at(path, problem=problem, hint=hint)) from None


def _files(out: Path, compiled: Iterable[Compiled]) -> dict[Path, bytes]:
    files = {}
    for team in compiled:
        files[out / "registry" / f"{team.team}.json"] = encode_json({team.team: team.entry})
        for spec in team.specs:
            files[out / "dags" / f"{spec.dag_id}.json"] = encode_json(spec)
            files[out / "dags" / f"{spec.dag_id}.py"] = STUB.encode()
            files[out / "dags" / f"{RESUME_DAG}.py"] = _resume_stub(spec)
    return files


def _write(files: Mapping[Path, bytes]) -> None:
    for path, content in sorted(files.items()):
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)


def _write_bases(folder: Path, compiled: Iterable[Compiled], versions: Mapping[str, str] | None) -> None:
    for team in compiled:
        path = folder / f"{team.team}.json"
        if versions is None:
            path.unlink(missing_ok=True)
        else:
            _write({path: encode_json({team.team: Base(versions.get(team.team))})})


def _resume_stub(spec: DagSpec) -> bytes:
    """The same for every spec of a platform."""
    fields = ("airflow_connection", "registry_url", "alert_channel", "alert_connection")
    return RESUME_STUB.format(**{name: getattr(spec, name) for name in fields}).encode()


def _remove_old(folder: Path, compiled: Iterable[Compiled]) -> None:
    """A DAG that a team no longer has goes; files of other teams, and files that are no spec, stay."""
    current = {spec.dag_id for team in compiled for spec in team.specs}
    teams = {team.team for team in compiled}
    for spec in folder.glob("*.json"):
        if spec.stem not in current and _owner(spec) in teams:
            spec.with_suffix(".py").unlink(missing_ok=True)
            spec.unlink()


def _owner(spec: Path) -> str | None:
    try:
        return msgspec.json.decode(spec.read_bytes(), type=_Owner).team
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IsADirectoryError):
        return None
