"""Checks dag_ids against those of other teams and of dbt-scheduler itself."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from dbt_scheduler.findings.catalogue.assets import SCH310, SCH322
from dbt_scheduler.findings.finding import Rule
from dbt_scheduler.registry.entry import Entry, dag_ids_of, is_external
from dbt_scheduler.spec import RESUME_DAG

_CORRECT = "correct the dag_id in the file: it does not belong to a hand-written DAG"


class TakenDagId(msgspec.Struct, frozen=True):
    """A rejected name: the rule, its subject, and the values of the message."""

    rule: Rule
    subject: str
    words: dict[str, str]


def taken_ids(
    team: str, entries: Mapping[str, Entry], listed: Collection[str] = (), platform_prefix: str = ""
) -> Iterator[TakenDagId]:
    """SCH310, SCH322: the dag_ids that a team must not use.

    A dag_prefix that equals the name of a team, published or ``listed`` in ``platform.yaml``, is reserved for that
    team: only it can publish under its name. Case is ignored, because DAG files are named after the dag_id, and some
    file systems ignore case. Hand-written DAGs may have any id except that of another team's generated DAG, and several
    teams may have assets of one.
    """
    external = is_external(entries[team])
    prefix = entries[team].dag_prefix.lower()
    own_name = prefix == f"{platform_prefix}{team}".lower()
    named = {f"{platform_prefix}{name}".lower(): name for name in (*listed, *entries) if name != team}
    reserved = None if own_name or external else named.get(prefix)
    others = _others(team, entries, prefix if own_name else None)
    for own in dag_ids_of(entries[team]):
        other = others.get(own.lower()) or reserved
        if own.lower() == f"{platform_prefix}{RESUME_DAG}".lower():
            words = {"dag_id": own, "team": team}
            yield TakenDagId(SCH322, own, {**words, "hint": _CORRECT} if external else words)
        elif other is not None:
            channel = entries[other].contact.channel if other in entries else None
            words = {"dag_id": own, "team": team, "other": other, "contact": channel or f"team {other}"}
            yield TakenDagId(SCH310, own, {**words, "hint": _CORRECT} if external else words)


def _others(team: str, entries: Mapping[str, Entry], own_prefix: str | None) -> dict[str, str]:
    """The other team of each DAG that this team must not use, by dag_id in lower case.

    ``own_prefix`` is the team's prefix if it equals the team's own name: other teams' claims to it are ignored.
    """
    no_claims = own_prefix is not None or is_external(entries[team])
    return {
        each.lower(): name
        for name, entry in entries.items()
        if name != team and entry.dag_prefix.lower() != own_prefix and not (no_claims and is_external(entry))
        for each in dag_ids_of(entry)
    }
