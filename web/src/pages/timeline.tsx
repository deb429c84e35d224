// The timeline: the runs of all pipelines, who waits for whom, and what a run's time went into.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { History, Run, Wait } from "../data";
import { DOCUMENTS, LIVE, useDocument } from "../documents";
import { useRegistry } from "../registry";
import { changeQuery, hrefs } from "../route";
import { Chart, type Row } from "../timeline/chart";
import { Details, State } from "../timeline/details";
import { Runs, type Span } from "../timeline/runs";
import { LongTable } from "../table";
import { AsOf, AssetName, Empty, Given, Guard, Heading, Missing, Name, Section, Task, TeamName, TeamNames } from "../ui";
import { ago, at, clock, day, duration, instant } from "../words";

const DAY = 24 * 3_600_000;
const SPANS = [
  ["1", "Day"],
  ["3", "3 days"],
  ["7", "Week"],
  ["30", "Month"],
] as const;
const FRESH_MS = 60_000;

export function TimelinePage({ query }: { query: Record<string, string> }) {
  const registry = useRegistry();
  const turn = useTurns();
  const there = registry.has("history");
  const loaded = useDocument<History>(there ? { ...DOCUMENTS.history, fresh: LIVE } : null, turn);
  return (
    <>
      <Heading title="Timeline" />
      {there ? (
        <Given loaded={loaded} what="the history">
          {(history) => <Timeline history={history} query={query} />}
        </Given>
      ) : (
        <Empty title="This site was built without a run history">
          <code>dbt-scheduler history export</code> exports it from Airflow's API; pass the file to <code>dbt-scheduler registry site</code>.
        </Empty>
      )}
    </>
  );
}

// Counts up while the page is looked at inside Airflow.
export function useTurns(): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!LIVE) return undefined;
    const timer = setInterval(() => document.visibilityState === "visible" && setTurn((before) => before + 1), FRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return turn;
}

function Timeline({ history, query }: { history: History; query: Record<string, string> }) {
  const runs = useMemo(() => new Runs(history), [history]);
  const [table, setTable] = useState(false);
  // Only a span that is offered: an address may say anything.
  const days = SPANS.some(([value]) => value === query["days"]) ? Number(query["days"]) : 1;
  const end = instant(query["until"]) || endOf(runs, days);
  const shown: Span = { from: end - days * DAY, to: end };
  const rows = useMemo(() => rowsOf(runs, shown, query["team"] ?? ""), [runs, shown.from, shown.to, query["team"]]);
  const chosen = runs.find(query["dag"] ?? "", query["run"] ?? "") ?? null;
  const path = useMemo(() => (chosen ? runs.criticalPath(chosen) : []), [runs, chosen]);
  const choose = (run: Run): void => changeQuery({ ...query, dag: run.dag_id, run: run.run_id }, "push");
  return (
    <>
      <Missing of={history.missing} />
      <Controls runs={runs} query={query} shown={shown} days={days} table={table} onTable={setTable} />
      {rows.length === 0 ? (
        <Empty title="No runs in this period">Select an earlier period or a longer one.</Empty>
      ) : table ? (
        <RunTable runs={runs} rows={rows} />
      ) : (
        <Guard what="The timeline">
          <Chart runs={runs} rows={rows} window={shown} chosen={chosen} path={path} onChoose={choose} />
          <Legend />
        </Guard>
      )}
      {chosen ? (
        <Guard what="The run" key={`${chosen.dag_id} ${chosen.run_id}`}>
          <Details runs={runs} run={chosen} path={path} />
        </Guard>
      ) : (
        rows.length > 0 && <p class="hint-line muted">Choose a run to see its critical path.</p>
      )}
      <Section title={LIVE ? "Waiting now" : `Waiting at ${at(history.until)}`} aside={LIVE ? null : <AsOf time={history.generated_at} />}>
        <OpenWaits waits={runs.open()} />
      </Section>
    </>
  );
}

// The next runs are in sight too, as far as they leave room for the last ones.
function endOf(runs: Runs, days: number): number {
  let last = runs.until;
  for (const run of runs.history.runs) {
    const { to } = runs.span(run);
    if (to > last && to < runs.until + (days * DAY) / 4) last = to;
  }
  return last + days * DAY * 0.02;
}

function rowsOf(runs: Runs, shown: Span, team: string): Row[] {
  const rows = new Map<string, Row>();
  for (const run of runs.history.runs) {
    if (team && !teamsOf(run).includes(team)) continue;
    const span = runs.span(run);
    if (span.to < shown.from || Math.min(span.from, instant(run.due)) > shown.to) continue;
    const known = rows.get(run.dag_id);
    if (known) known.runs.push(run);
    else rows.set(run.dag_id, { team: run.team, other_teams: run.other_teams, dag: run.dag_id, pipeline: run.pipeline, runs: [run] });
  }
  const depth = depths(runs.history.waits);
  return [...rows.values()].sort((a, b) => depth(a.team) - depth(b.team) || (a.dag < b.dag ? -1 : 1));
}

function teamsOf(run: Run): string[] {
  return [run.team, ...run.other_teams];
}

// How many teams stand before a team in the chains of waits: producers are above those that wait for them.
function depths(waits: Wait[]): (team: string) => number {
  const producers = new Map<string, Set<string>>();
  for (const { team, producer_team } of waits) {
    if (team !== producer_team) producers.set(team, (producers.get(team) ?? new Set()).add(producer_team));
  }
  const known = new Map<string, number>();
  const depth = (team: string): number => {
    const found = known.get(team);
    if (found !== undefined) return found;
    known.set(team, 0); // teams may wait for each other
    const most = Math.max(-1, ...[...(producers.get(team) ?? [])].map(depth)) + 1;
    known.set(team, most);
    return most;
  };
  return depth;
}

interface ControlsProps {
  runs: Runs;
  query: Record<string, string>;
  shown: Span;
  days: number;
  table: boolean;
  onTable: (table: boolean) => void;
}

function Controls({ runs, query, shown, days, table, onTable }: ControlsProps) {
  const teams = [...new Set(runs.history.runs.flatMap(teamsOf))].sort();
  const since = instant(runs.history.since);
  const go = (by: number): void => {
    const until = shown.to + by * days * DAY;
    changeQuery({ ...query, until: until >= runs.until ? null : new Date(until).toISOString() });
  };
  const ends = shown.to - 1;
  return (
    <div class="filters timeline-controls">
      <div class="switch" role="group" aria-label="How much time">
        {SPANS.filter((_, i) => i === 0 || Number(SPANS[i - 1]?.[0]) * DAY < runs.until - since).map(([value, text]) => (
          <button type="button" aria-pressed={String(days) === value} onClick={() => changeQuery({ ...query, days: value })}>
            {text}
          </button>
        ))}
      </div>
      <span class="stepper">
        <button type="button" class="icon-button" aria-label="Earlier" disabled={shown.from <= since} onClick={() => go(-1)}>
          ‹
        </button>
        <span class="range">{day(shown.from) === day(ends) ? `${day(ends)}, ${clock(shown.from)} to ${clock(ends)}` : `${day(shown.from)} to ${day(ends)}`}, UTC</span>
        <button type="button" class="icon-button" aria-label="Later" disabled={shown.to >= runs.until} onClick={() => go(1)}>
          ›
        </button>
      </span>
      <label class="choice">
        <span class="hidden">Team</span>
        <select value={query["team"] ?? ""} class={query["team"] ? "chosen" : ""} onChange={(event) => changeQuery({ ...query, team: event.currentTarget.value })}>
          <option value="">All teams</option>
          {teams.map((team) => (
            <option value={team}>{team}</option>
          ))}
        </select>
      </label>
      <span class="gap" />
      <div class="switch" role="group" aria-label="Show the runs as">
        <button type="button" aria-pressed={!table} onClick={() => onTable(false)}>
          Chart
        </button>
        <button type="button" aria-pressed={table} onClick={() => onTable(true)}>
          Table
        </button>
      </div>
    </div>
  );
}

function RunTable({ runs, rows }: { runs: Runs; rows: Row[] }) {
  const all = rows.flatMap((row) => row.runs).sort((a, b) => instant(b.due) - instant(a.due));
  return (
    <LongTable
      label="Runs"
      columns={["Run", "Team", "Due", "State", "Took", "SLO met"]}
      rows={all.map((run) => {
        const span = runs.span(run);
        const decided = runs.landings(run).filter((landing) => landing.met !== null);
        const met = decided.filter((landing) => landing.met).length;
        return [
          <a class="mono" href={hrefs.timeline({ dag: run.dag_id, run: run.run_id, days: "7" })}>
            <Name text={run.dag_id} />
          </a>,
          <TeamNames of={run} />,
          at(run.due),
          <State state={run.state} />,
          run.start ? duration(span.to - span.from) : "",
          decided.length ? <span class={met < decided.length ? "bad" : "good"}>{`${met} of ${decided.length}`}</span> : <span class="muted">–</span>,
        ];
      })}
    />
  );
}

function OpenWaits({ waits }: { waits: Wait[] }) {
  if (!waits.length) return <Empty title="No tasks are waiting" />;
  return (
    <LongTable
      label="Open waits"
      columns={["Team", "Task", "Waits for", "Of", "Since", "Until"]}
      rows={waits.map((wait) => [
        <TeamName name={wait.team} />,
        <Task dag={wait.dag_id} task={wait.task_id} run={wait.run_id} />,
        <AssetName team={wait.producer_team} asset={wait.producer_asset} />,
        <TeamName name={wait.producer_team} />,
        LIVE ? ago(wait.start) : at(wait.start),
        wait.until ? (LIVE ? ago(wait.until) : at(wait.until)) : <span class="muted">its wait timeout</span>,
      ])}
    />
  );
}

function Legend() {
  return (
    <ul class="legend timeline-legend" aria-label="Legend">
      {(["success", "running", "failed", "other"] as const).map((state) => (
        <li>
          <svg width="22" height="12" aria-hidden="true" class={`run run-${state}`}>
            <rect class="run-bar" x="1" y="1" width="20" height="10" rx="3" />
          </svg>
          {state === "other" ? "due, or any other state" : state}
        </li>
      ))}
      <li>
        <svg width="22" height="12" aria-hidden="true">
          <path class="wait-bar" d="M1,6H21" />
        </svg>
        waits for another team
      </li>
      <li>
        <svg width="14" height="12" aria-hidden="true" class="landing landing-met">
          <path d="M7,0.5L12.5,6L7,11.5L1.5,6z" />
        </svg>
        landed by its SLO
      </li>
      <li>
        <svg width="14" height="12" aria-hidden="true" class="landing landing-missed">
          <path d="M7,0.5L12.5,6L7,11.5L1.5,6z" />
        </svg>
        SLO missed
      </li>
    </ul>
  );
}
