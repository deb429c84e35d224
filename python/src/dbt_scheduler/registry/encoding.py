"""Encodes and decodes a team's entry."""

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from dbt_scheduler.files import encode_json
from dbt_scheduler.registry.backend import (
    MOST_BYTES,
    TOO_LONG,
    NewerFormatError,
    RegistryUnreadableError,
    TooLargeError,
)
from dbt_scheduler.registry.entry import EXTERNAL_FORMAT_VERSION, FORMAT_VERSIONS, Entry, is_external
from dbt_scheduler.schedule import unreadable_part
from dbt_scheduler.spec import sensor_group

_IN_IDS = re.compile(r"[\w.-]+")
"""The characters that Airflow allows in dag_ids, group_ids and task_ids."""

MOST_PIPELINES, _MOST_SENSORS, _MOST_TASKS, _MOST_EDGES = 200, 20_000, 200_000, 1_000_000
"""Limits of one entry. Each pipeline costs time for every reader, and all sensors are part of one API request. The
pages show each task with its team and pipeline, and the number of edges grows with the product of the inputs and
outputs of a task.
"""

_LONGEST_ID, _LONGEST_NAME, _LONGEST_PROBLEM = 250, 2_500, 1_000
"""Airflow's limit, that of two table names joined by a dot, and the maximum length of a quote; in characters."""

_TEAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")


class _Head(msgspec.Struct):
    format_version: int


def is_team(name: str) -> bool:
    """Whether a name is a valid team name: safe as a file name, and valid as an Airflow tag."""
    return bool(_TEAM.fullmatch(name))


def encode_entry(team: str, entry: Entry) -> bytes:
    """Encode a team's entry; the same entry has the same bytes."""
    return encode_json({team: entry})


def decode_entry(team: str, content: bytes) -> Entry:
    """Decode and validate a team's document.

    Raises:
        NewerFormatError: it was written in a later format.
        TooLargeError: it exceeds the limits of an entry.
        RegistryUnreadableError: it is truncated, belongs to another team, or is inconsistent.

    """
    if len(content) > MOST_BYTES:
        raise TooLargeError(TOO_LONG)
    try:
        heads = _HEAD_DECODER.decode(content)
        if team not in heads:
            raise RegistryUnreadableError("it belongs to another team")
        version = heads[team].format_version
        if version not in FORMAT_VERSIONS:
            refusal = NewerFormatError if version > max(FORMAT_VERSIONS) else RegistryUnreadableError
            known = " and ".join(map(str, FORMAT_VERSIONS))
            raise refusal(f"format_version {version} is not supported; supported: {known}")
        entry = _DECODER.decode(content)[team]
    except msgspec.ValidationError as error:
        place = str(error).rpartition(" - at ")[2].strip("`") if " - at " in str(error) else "the top level"
        raise RegistryUnreadableError(f"not a valid registry entry: error at {place}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        cut_off = "truncated" in str(error)
        raise RegistryUnreadableError("it is truncated" if cut_off else "it is not JSON") from None
    except RecursionError:
        raise RegistryUnreadableError("it is nested too deeply") from None
    if too_much := _too_much(entry):
        raise TooLargeError(too_much)
    problem = _problem(entry)
    if problem:
        cut = problem if len(problem) <= _LONGEST_PROBLEM else f"{problem[:_LONGEST_PROBLEM]}…"
        raise RegistryUnreadableError(cut)
    return entry


def _problem(entry: Entry) -> str | None:
    """A problem in an entry that matches the schema, but that no release writes; None if there is none."""
    return (
        _unusable_pipeline(entry)
        or _misplaced(entry)
        or _misnamed(entry)
        or _tangled(entry)
        or _half_external(entry)
    )


def _too_much(entry: Entry) -> str | None:
    if len(entry.pipelines) > MOST_PIPELINES:
        return f"it has more than {MOST_PIPELINES} pipelines"
    readers = [each for assets in entry.consumed.values() for found in assets.values() for each in found]
    sensors = {(each.pipeline, each.sensor_task_id) for each in readers if each.sensor_task_id is not None}
    if len(sensors) > _MOST_SENSORS:
        return f"it has more than {_MOST_SENSORS:,} sensors"
    if len(readers) > _MOST_TASKS:
        return f"it has more than {_MOST_TASKS:,} asset reads"
    if sum(len(made.pipelines) for made in entry.produced.values()) > _MOST_TASKS:
        return f"it produces more than {_MOST_TASKS:,} assets, counted per pipeline"
    made_by = Counter((each.task_group, each.task_id) for each in entry.produced.values())
    edges = sum(made_by[each.task_group, each.task_id] for each in readers)
    return f"its lineage has more than {_MOST_EDGES:,} edges" if edges > _MOST_EDGES else None


def _unusable_pipeline(entry: Entry) -> str | None:
    for name, schedule in entry.pipelines.items():
        reason = unreadable_part(schedule)
        if reason:
            return f'its pipeline "{name}" is not supported: {reason}'
    return None


def _misplaced(entry: Entry) -> str | None:
    """An asset in a pipeline or DAG that the entry does not have, or that is exposed in none of its pipelines."""
    known = entry.pipelines.keys()
    for asset, made in entry.produced.items():
        if made.pipeline not in made.pipelines:
            return f'its asset "{asset}" is not built in its main pipeline "{made.pipeline}"'
        if not made.pipelines.keys() <= known:
            unknown = min(made.pipelines.keys() - known)
            return f'its asset "{asset}" is built in the unknown pipeline "{unknown}"'
        if made.exposed and not any(each.exposed for each in made.pipelines.values()):
            return f'its asset "{asset}" is exposed, but not in any pipeline'
        if made.dag_prefix != entry.dag_prefix:
            return f'its asset "{asset}" is built in a DAG with a different dag_prefix'
    return None


def _misnamed(entry: Entry) -> str | None:
    """A name that is too long or no valid Airflow id, an unknown pipeline, or an invalid sensor task_id."""
    readers = [each for assets in entry.consumed.values() for found in assets.values() for each in found]
    ids: dict[str, Iterable[str | None]] = {"dag_prefix": [entry.dag_prefix], "pipeline": entry.pipelines}
    ids["dag_id"] = [made.dag_id for made in entry.produced.values()]
    for what in ("task_group", "task_id"):
        ids[what] = [getattr(each, what) for each in (*entry.produced.values(), *readers)]
    for what, names in ids.items():
        for name in names:
            if name is not None and not _IN_IDS.fullmatch(name):
                return f"its {what} {_quoted(name)} contains characters that Airflow ids do not allow"
            if name is not None and len(name) > _LONGEST_ID:
                return f"its {what} {_quoted(name)} is longer than {_LONGEST_ID} characters"
    for name in (
        *entry.produced,
        *entry.consumed,
        *(asset for each in entry.consumed.values() for asset in each),
    ):
        if len(name) > _LONGEST_NAME:
            return f"its name {_quoted(name)} is longer than {_LONGEST_NAME:,} characters"
    for each in readers:
        if each.pipeline not in entry.pipelines:
            return f"its task {_quoted(each.task_id)} is in the unknown pipeline {_quoted(each.pipeline)}"
        sensor = each.sensor_task_id
        if sensor is not None and not _is_sensor(sensor, each.dependency):
            return f"its sensor {_quoted(sensor)} is not a valid sensor task_id"
    return None


def _tangled(entry: Entry) -> str | None:
    """A sensor that waits for several assets: with many of these, the assets behind sensors grow quadratically."""
    waits: dict[tuple[str, str], tuple[str, str, str]] = {}
    for team, assets in entry.consumed.items():
        for asset, readers in assets.items():
            for each in readers:
                if each.sensor_task_id is not None:
                    waited = (team, asset, each.producer_pipeline)
                    if waits.setdefault((each.pipeline, each.sensor_task_id), waited) != waited:
                        return f"its sensor {_quoted(each.sensor_task_id)} waits for several assets"
    return None


def _half_external(entry: Entry) -> str | None:
    """External assets in an old format, or mixed with consumed assets or those of generated DAGs."""
    if not is_external(entry):
        return None
    if entry.format_version != EXTERNAL_FORMAT_VERSION:
        return f"it has external assets, which format_version {entry.format_version} does not support"
    if entry.consumed:
        return "it has both external assets and tasks that read other assets"
    for asset, made in entry.produced.items():
        if made.dag_id is None or len(made.pipelines) > 1:
            return f'its asset "{asset}" must be produced by exactly one hand-written DAG'
    return None


def _is_sensor(task_id: str, dependency: str) -> bool:
    group, _, name = task_id.partition(".")
    return group == sensor_group(dependency) and bool(_IN_IDS.fullmatch(name))


def _quoted(name: str) -> str:
    return msgspec.json.encode(name if len(name) <= _LONGEST_ID else f"{name[:50]}…").decode()


_HEAD_DECODER = msgspec.json.Decoder(dict[str, _Head])
_DECODER = msgspec.json.Decoder(dict[str, Entry])
