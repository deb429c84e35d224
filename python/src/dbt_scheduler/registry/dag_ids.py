"""The ids of DAGs that a team cannot have: those of other teams, and dbt-scheduler's own."""

from collections.abc import Iterator, Mapping

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


def taken_ids(team: str, entries: Mapping[str, Entry]) -> Iterator[TakenDagId]:
    """SCH310, SCH322: each id of a team's DAGs that is not for it to take.

    Upper and lower case count as the same: a DAG's files are called after its id, and some disks ignore case.
    """
    others = {
        dag_id(entry.dag_prefix, pipeline).lower(): name
        for name, entry in entries.items()
        if name != team
        for pipeline in entry.pipelines
    }
    for pipeline in entries[team].pipelines:
        own = dag_id(entries[team].dag_prefix, pipeline)
        if own.lower() == RESUME_DAG:
            yield TakenDagId(SCH322, own, {"dag_id": own, "team": team})
        elif own.lower() in others:
            yield TakenDagId(SCH310, own, {"dag_id": own, "team": team, "other": others[own.lower()]})
