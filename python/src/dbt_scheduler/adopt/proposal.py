"""Compares the teams and builds the files of each team's proposal."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from dbt_scheduler.adopt.calls import Pair, Ref, replace_within, source_call
from dbt_scheduler.adopt.edits import Edits, make_edits
from dbt_scheduler.adopt.exposing import AssetToExpose, render_exposed, with_exposed
from dbt_scheduler.adopt.global_sources import GlobalTable, render_global_sources
from dbt_scheduler.adopt.loading import Subject
from dbt_scheduler.adopt.plan import Others, Plan, TableMove, make_plan
from dbt_scheduler.adopt.reads import Match, declaration, find_makers, find_matches, read_declarations
from dbt_scheduler.adopt.text import PATCH, render_markdown
from dbt_scheduler.adopt.types import Ambiguous, ByHand, OwnRead, Proposal, TableRead, TeamProposal
from dbt_scheduler.adopt.writing import render_patch
from dbt_scheduler.project.types import Project, Table
from dbt_scheduler.registry.entry import Entry

_CIRCULAR = "the table is built from this node: with ref(), dbt would report a cycle"
_NOTHING = Edits({}, {}, (), frozenset())


class _Planned(msgspec.Struct, frozen=True):
    subject: Subject
    plan: Plan
    edits: Edits


def propose(subjects: Sequence[Subject], registry: Mapping[str, Entry]) -> Proposal:
    """Build the proposals for these projects, and for the registry's teams whose tables they read."""
    makers = find_makers([subject.project for subject in subjects], registry)
    planned = {}
    sharing = _sharing(subjects)
    for subject in subjects:
        others = _others(subject, sharing) if subject.files else {}
        plan = make_plan(subject.project, subject.files, find_matches(subject.project, makers), others)
        edits = make_edits(plan, subject.files) if subject.files else _NOTHING
        planned[subject.project.team] = _Planned(subject, plan, edits)
    exposed = _exposed(planned.values())
    teams: dict[str, TeamProposal] = {}
    texts: dict[str, str] = {}
    for team in sorted({*planned, *exposed}):
        proposal, files = _team(planned.get(team), exposed.get(team, ()))
        if files:
            proposal = msgspec.structs.replace(proposal, files=tuple(sorted({*files, "hidden_edges.md"})))
            files["hidden_edges.md"] = render_markdown(team, proposal)
            teams[team] = proposal
            texts |= {f"{team}/{path}": text for path, text in files.items()}
    return Proposal(teams=teams, texts=texts)


def _sharing(subjects: Iterable[Subject]) -> dict[tuple[Path, Pair], set[str]]:
    """The teams that read each declared table, among the projects with files."""
    teams: dict[tuple[Path, Pair], set[str]] = defaultdict(set)
    for subject in subjects:
        for declared in read_declarations(subject.project).values() if subject.files else ():
            teams[declared].add(subject.project.team)
    return teams


def _others(subject: Subject, sharing: Mapping[tuple[Path, Pair], set[str]]) -> Others:
    project = subject.project
    tables = ((table, sharing.get(declaration(project, table), set())) for table in _declared(project))
    found = {table.id: tuple(sorted(teams - {project.team})) for table, teams in tables}
    return {id_: teams for id_, teams in found.items() if teams}


def _declared(project: Project) -> Iterable[Table]:
    return (table for table in project.tables.values() if table.external is None)


def _exposed(planned: Iterable[_Planned]) -> dict[str, tuple[AssetToExpose, ...]]:
    """For each team, the unexposed assets that others read."""
    readers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    scheduled = {}
    for each in planned:
        for step in each.plan.across:
            maker = step.maker
            if not (maker.exposed or maker.clash or step.unread):
                readers[maker.team][maker.asset].add(each.subject.project.team)
                scheduled[maker.shown] = maker.scheduled
    return {
        team: tuple(
            AssetToExpose(asset=asset, readers=tuple(sorted(teams)), scheduled=scheduled[f"{team}.{asset}"])
            for asset, teams in sorted(assets.items())
        )
        for team, assets in readers.items()
    }


def _team(
    planned: _Planned | None, exposed: tuple[AssetToExpose, ...]
) -> tuple[TeamProposal, dict[str, str]]:
    """The proposal and its files, without the summaries."""
    files = {"exposed_assets.yaml": render_exposed(exposed)} if exposed else {}
    if planned is None:
        return TeamProposal(exposed=exposed), files
    subject, plan, edits = planned.subject, planned.plan, planned.edits
    by_hand = [*edits.by_hand, *_refusals(plan)]
    after = dict(edits.texts)
    tables = [_global_table(step, edits.calls) for step in _moving(planned) if not step.already]
    if tables:
        path = _new_file(planned)
        files[path] = after[path] = render_global_sources(
            {(t.team, t.asset): t for t in reversed(tables)}.values()
        )
    if subject.files and exposed:
        text = with_exposed(subject.files.texts.get("scheduler.yaml"), exposed)
        if text is None:
            by_hand.append(ByHand("", "scheduler.yaml", "paste exposed_assets.yaml here"))
        else:
            after["scheduler.yaml"] = text
    if subject.files and after:
        files[PATCH] = render_patch(subject.files.texts, after)
    proposal = TeamProposal(
        reads=tuple(_table_read(step, planned) for step in plan.across),
        own=tuple(_own_read(step) for step in plan.own),
        ambiguous=tuple(_ambiguous(match) for match in plan.ambiguous),
        by_hand=tuple(sorted({*by_hand, *_conditions(planned)})),
        exposed=exposed,
    )
    found = proposal.reads or proposal.own or proposal.ambiguous or files
    return proposal, files or ({"hidden_edges.md": ""} if found else {})


def _moving(planned: _Planned) -> list[TableMove]:
    """The tables to declare as global assets."""
    stuck = planned.edits.stuck
    return [step for step in planned.plan.across if not (step.refused or step.unread or step.target in stuck)]


def _global_table(step: TableMove, calls: Mapping[Pair, Pair | Ref]) -> GlobalTable:
    """The old declaration's expressions, which may depend on the target; or else the manifest's values."""
    relation, maker, declared = step.match.table.relation, step.maker, step.declared
    identifier = (declared.identifier or step.pair[1]) if declared else relation.identifier
    return GlobalTable(
        team=maker.team,
        asset=maker.asset,
        schema=(declared.schema or step.pair[0]) if declared else relation.schema,
        database=declared.database if declared else relation.database,
        identifier=None if identifier == maker.asset else identifier,
        quoting=step.match.quoting,
        keys={key: replace_within(said, calls) for key, said in declared.keys.items()} if declared else {},
    )


def _new_file(planned: _Planned) -> str:
    """A new file path under a folder ``global_assets``."""
    project, files = planned.subject.project, planned.subject.files
    taken = {table.file for table in project.tables.values()} | set(files.texts if files else ())
    folder = f"{files.models if files else 'models'}/global_assets"
    names = ["global_sources", "adopted_sources", *(f"adopted_sources_{n}" for n in range(2, len(taken) + 3))]
    return next(path for name in names if (path := f"{folder}/{name}.yml") not in taken)


def _refusals(plan: Plan) -> Iterable[ByHand]:
    for step in (*plan.across, *plan.own):
        table = step.match.table
        if step.refused:
            yield ByHand(table.full_name, table.file, step.refused)
        for reader in step.circular:
            yield ByHand(table.full_name, reader.file, _CIRCULAR)


def _conditions(planned: _Planned) -> Iterable[ByHand]:
    """Conditions of declared tasks that use a table's old name."""
    moved = {step.match.table.full_name: step for step in _moving(planned) if step.pair != step.target}
    bare = {step.match.table.name: step for step in moved.values() if step.pair[1] != step.maker.asset}
    for task in planned.subject.project.config.tasks:
        for condition in task.conditions:
            step = moved.get(condition) or bare.get(condition)
            if step:
                place = f"scheduler.yaml:{task.line}"
                what = f'task "{task.name}": change the condition {condition} to {step.maker.shown}'
                yield ByHand(step.match.table.full_name, place, what)


def _table_read(step: TableMove, planned: _Planned) -> TableRead:
    maker, table, declared = step.maker, step.match.table, step.declared
    open_ = step.refused is not None or step.pair in planned.edits.stuck
    return TableRead(
        source=table.full_name,
        relation=str(table.relation),
        team=maker.team,
        asset=maker.asset,
        scheduled=maker.scheduled,
        reads=len(step.match.readers),
        readers=_files(step.match),
        old=source_call(step.pair),
        unread=step.unread and not step.others,
        new=None if open_ or step.unread else source_call((maker.team, maker.asset)),
        left=declared.inherited if declared else (),
        left_of_table=step.left_of_table,
    )


def _own_read(step: TableMove) -> OwnRead:
    table, node = step.match.table, step.maker.node
    return OwnRead(
        source=table.full_name,
        relation=str(table.relation),
        node=node.unique_id if node else "",
        reads=len(step.match.readers),
        readers=_files(step.match),
        old=source_call(step.pair),
        unread=step.unread and not step.others,
        new=step.target.call() if isinstance(step.target, Ref) else "",
        left=step.declared.inherited if step.declared else (),
        left_of_table=step.left_of_table,
    )


def _ambiguous(match: Match) -> Ambiguous:
    return Ambiguous(
        source=match.table.full_name,
        relation=str(match.table.relation),
        makers=tuple(maker.shown for maker in match.makers),
        readers=_files(match),
    )


def _files(match: Match) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reader.file for reader in match.readers))
