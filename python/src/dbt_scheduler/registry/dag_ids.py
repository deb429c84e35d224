"""The ids of DAGs that a team cannot have: those of other teams, and dbt-scheduler's own."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from dbt_scheduler.findings.catalogue.assets import SCH310, SCH322
from dbt_scheduler.findings.finding import Rule
from dbt_scheduler.registry.entry import Entry, dag_id
from dbt_scheduler.spec import RESUME_DAG


class TakenDagId(msgspec.Struct, frozen=True):
    """Why a team cannot have a name: the rule, what it is about, and the words of the finding."""

    rule: Rule
    subject: str
    words: dict[str, str]


def taken_ids(
    team: str, entries: Mapping[str, Entry], listed: Collection[str] = (), platform_prefix: str = ""
) -> Iterator[TakenDagId]:
    """SCH310, SCH322: each id of a team's DAGs that is not for it to take.

    A dag_prefix that is the name of a team, published or ``listed`` in ``platform.yaml``, is that team's, whatever
    another's entry claims: only itself can publish under its name. Upper and lower case count as the same: a DAG's
    files are called after its id, and some disks ignore case. What the platform puts before every id is before theirs.
    """
    prefix = entries[team].dag_prefix.lower()
    own_name = prefix == f"{platform_prefix}{team}".lower()
    named = {f"{platform_prefix}{name}".lower(): name for name in (*listed, *entries) if name != team}
    others = {
        dag_id(entry.dag_prefix, pipeline).lower(): name
        for name, entry in entries.items()
        if name != team and not (own_name and entry.dag_prefix.lower() == prefix)
        for pipeline in entry.pipelines
    }
    for pipeline in entries[team].pipelines:
        own = dag_id(entries[team].dag_prefix, pipeline)
        other = others.get(own.lower()) or (None if own_name else named.get(prefix))
        if own.lower() == f"{platform_prefix}{RESUME_DAG}".lower():
            yield TakenDagId(SCH322, own, {"dag_id": own, "team": team})
        elif other is not None:
            channel = entries[other].contact.channel if other in entries else None
            words = {"dag_id": own, "team": team, "other": other, "contact": channel or f"team {other}"}
            yield TakenDagId(SCH310, own, words)
