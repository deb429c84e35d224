// Runs on a time axis: one row per pipeline, waits below each run, when data landed against its SLO.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Run } from "../data";
import { useRegistry } from "../registry";
import { TeamNames, teamClass } from "../ui";
import { at, clock, day, duration, instant } from "../words";
import type { PathStep, Runs, Span } from "./runs";

export interface Row {
  team: string;
  other_teams: string[];
  dag: string;
  pipeline: string;
  runs: Run[];
}

const ROW = 40;
const AXIS = 30;
const BAR = { top: 9, height: 14 };
const MOST_LINES = 60; // between runs; more would hide what they connect

interface ChartProps {
  runs: Runs;
  rows: Row[];
  window: Span;
  chosen: Run | null;
  path: PathStep[];
  onChoose: (run: Run) => void;
}

export function Chart({ runs, rows, window: shown, chosen, path, onChoose }: ChartProps) {
  const [frame, width] = useWidth();
  const x = (ms: number): number => ((ms - shown.from) / (shown.to - shown.from)) * width;
  const rowOf = new Map(rows.map((row, i) => [row.dag, i]));
  const onPath = new Set(path.map((step) => step.run));
  return (
    <div class="chart">
      <div class="chart-names">
        {rows.map((row) => (
          <div class="chart-name">
            <TeamNames of={row} />
            <span class="small muted">
              <bdi>{row.pipeline}</bdi>
            </span>
          </div>
        ))}
      </div>
      <div class="chart-frame" ref={frame} tabIndex={0} role="group" aria-label="Timeline of runs; the table view shows the same data">
        <svg width={width} height={AXIS + rows.length * ROW} aria-hidden="true">
          <Axis shown={shown} x={x} height={AXIS + rows.length * ROW} width={width} />
          {rows.map((row, i) => (
            <g transform={`translate(0,${AXIS + i * ROW})`}>
              <path class="row-line" d={`M0,${ROW - 0.5}H${width}`} />
              {row.runs.map((run) => (
                <Bar key={run.run_id} runs={runs} run={run} x={x} chosen={run === chosen} onPath={onPath.has(run)} onChoose={onChoose} />
              ))}
            </g>
          ))}
          <Lines runs={runs} rows={rows} rowOf={rowOf} x={x} path={path} />
          {runs.until >= shown.from && runs.until <= shown.to && <path class="now-line" d={`M${x(runs.until)},${AXIS - 6}V${AXIS + rows.length * ROW}`} />}
        </svg>
      </div>
    </div>
  );
}

function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(900);
  useEffect(() => {
    if (!frame.current) return undefined;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(560, Math.floor(entry.contentRect.width))));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    frame.current?.scrollTo({ left: width }); // the newest runs, where not all fit
  }, [width]);
  return [frame, width];
}

const HOUR = 3_600_000;
const STEPS = [HOUR / 4, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 168 * HOUR];
const LABEL_WIDTH = 74;

function Axis({ shown, x, height, width }: { shown: Span; x: (ms: number) => number; height: number; width: number }) {
  const most = Math.max(2, width / LABEL_WIDTH);
  const step = STEPS.find((each) => (shown.to - shown.from) / each <= most) ?? 720 * HOUR;
  const ticks: number[] = [];
  for (let ms = Math.ceil(shown.from / step) * step; ms <= shown.to; ms += step) ticks.push(ms);
  return (
    <g class="axis">
      {ticks.map((ms) => {
        const midnight = ms % (24 * HOUR) === 0;
        return (
          <g transform={`translate(${x(ms)},0)`}>
            <path class={midnight ? "tick tick-day" : "tick"} d={`M0,22V${height}`} />
            <text class={midnight ? "tick-day" : ""} y="15" text-anchor={x(ms) < 20 ? "start" : x(ms) > width - 20 ? "end" : "middle"}>
              {midnight ? day(ms) : clock(ms)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

interface BarProps {
  runs: Runs;
  run: Run;
  x: (ms: number) => number;
  chosen: boolean;
  onPath: boolean;
  onChoose: (run: Run) => void;
}

function Bar({ runs, run, x, chosen, onPath, onChoose }: BarProps) {
  const registry = useRegistry();
  const span = runs.span(run);
  const due = instant(run.due);
  const [left, right] = [x(span.from), x(span.to)];
  const title = `${run.dag_id}, due ${at(run.due)}\n${run.state}${run.start ? `, ${duration(span.to - span.from)}` : ""}`;
  return (
    <g class={`run run-${stateClass(run.state)} ${teamClass(registry.teamPlace(run.team))}${chosen ? " run-chosen" : ""}${onPath ? " run-path" : ""}`} onClick={() => onChoose(run)} data-run={run.run_id} data-dag={run.dag_id}>
      <title>{title}</title>
      {run.start && due < span.from && <path class="run-late" d={`M${x(due)},${BAR.top + BAR.height / 2}H${left}`} />}
      <rect class="run-bar" x={run.start ? left : left - 4} y={BAR.top} width={Math.max(run.start ? 4 : 8, right - left)} height={BAR.height} rx="4" />
      {runs.waits(run).map((wait) => {
        if (!wait.start) return null;
        const waited = runs.waitSpan(wait);
        return <path class={wait.end ? "wait-bar" : "wait-bar wait-open"} d={`M${x(waited.from)},${BAR.top + BAR.height + 5}H${Math.max(x(waited.from) + 2, x(waited.to))}`} />;
      })}
      {runs.landings(run).map((landing) => {
        const when = instant(landing.landed ?? landing.due);
        if (Number.isNaN(when)) return null;
        const words = `${landing.asset}: ${landing.landed ? `landed ${at(landing.landed)}` : "has not landed"}${landing.due ? `, SLO ${at(landing.due)}` : ""}`;
        const kind = landing.met === null ? "open" : landing.met ? "met" : "missed";
        return (
          <g class={`landing landing-${kind}`} transform={`translate(${x(when)},${BAR.top + BAR.height / 2})`}>
            <title>{words}</title>
            <path d="M0,-5.5L5.5,0L0,5.5L-5.5,0z" />
          </g>
        );
      })}
    </g>
  );
}

const STATE_CLASSES = new Map([
  ["success", "success"],
  ["failed", "failed"],
  ["upstream_failed", "upstream"],
  ["running", "running"],
  ["queued", "queued"],
  ["deferred", "waiting"],
  ["up_for_reschedule", "waiting"],
]);

export function stateClass(state: string): string {
  return STATE_CLASSES.get(state) ?? "other";
}

// From the run whose data was waited for to the end of the wait; those of the critical path are stronger.
function Lines({ runs, rows, rowOf, x, path }: { runs: Runs; rows: Row[]; rowOf: Map<string, number>; x: (ms: number) => number; path: PathStep[] }) {
  const strong = new Set(path.map((step) => step.wait));
  const shown = rows.flatMap((row) => row.runs).flatMap((run) => runs.waits(run)).filter((wait) => wait.start);
  const lines = shown.length > MOST_LINES ? shown.filter((wait) => strong.has(wait)) : shown;
  return (
    <>
      {lines.map((wait) => {
        const [from, to] = [rowOf.get(wait.producer_dag_id), rowOf.get(wait.dag_id)];
        if (from === undefined || to === undefined || from === to) return null;
        const end = x(runs.waitSpan(wait).to);
        const down = to > from;
        const start = AXIS + from * ROW + (down ? BAR.top + BAR.height : BAR.top);
        const stop = AXIS + to * ROW + BAR.top + BAR.height + (down ? 2 : 8);
        return <path class={strong.has(wait) ? "wait-line wait-line-path" : "wait-line"} d={`M${end},${start}V${stop}`} />;
      })}
    </>
  );
}
