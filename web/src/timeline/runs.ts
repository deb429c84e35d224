// The runs of a history, their waits, and the critical path of a run.
import type { History, Landing, Run, Wait } from "../data";
import { instant } from "../words";

export interface Span {
  from: number; // milliseconds
  to: number;
}

export interface PathStep {
  run: Run;
  wait: Wait | null; // this run's wait for the previous step; null at the root
  span: Span; // the time during which this run was the critical one
}

export class Runs {
  readonly until: number;
  private readonly byId = new Map<string, Run>();
  private readonly waitsOf = new Map<string, Wait[]>();
  private readonly landingsOf = new Map<string, Landing[]>();

  constructor(readonly history: History) {
    this.until = instant(history.until);
    for (const run of history.runs) this.byId.set(key(run), run);
    for (const wait of history.waits) add(this.waitsOf, key(wait), wait);
    for (const landing of history.landings) add(this.landingsOf, key(landing), landing);
  }

  find(dag: string, run: string): Run | undefined {
    return this.byId.get(key({ dag_id: dag, run_id: run }));
  }

  waits(run: Run): Wait[] {
    return this.waitsOf.get(key(run)) ?? [];
  }

  landings(run: Run): Landing[] {
    return this.landingsOf.get(key(run)) ?? [];
  }

  // A run that has not started has no length, and is shown when it is due.
  span(run: Run): Span {
    const from = instant(run.start ?? run.due);
    const to = run.end ? instant(run.end) : run.start ? Math.max(from, this.until) : from;
    return { from, to };
  }

  waitSpan(wait: Wait): Span {
    const from = instant(wait.start);
    return { from, to: wait.end ? instant(wait.end) : Math.max(from, this.until) };
  }

  open(): Wait[] {
    return this.history.waits.filter((wait) => wait.start && !wait.end);
  }

  // From the root cause to the run: each step is the producer run of the next one's last wait to end.
  criticalPath(last: Run): PathStep[] {
    const path: PathStep[] = [];
    const seen = new Set<string>();
    let run: Run | undefined = last;
    let to = this.span(last).to;
    while (run && !seen.has(key(run))) {
      seen.add(key(run));
      const wait = this.lastWait(run, to);
      const from = wait ? this.waitSpan(wait).to : this.span(run).from;
      path.unshift({ run, wait, span: { from: Math.min(from, to), to } });
      if (!wait) break;
      to = from;
      run = wait.producer_run_id ? this.find(wait.producer_dag_id, wait.producer_run_id) : undefined;
    }
    return path;
  }

  // The wait that ended last before `to`, ignoring short ones.
  private lastWait(run: Run, to: number): Wait | null {
    let last: Wait | null = null;
    for (const wait of this.waits(run)) {
      const span = this.waitSpan(wait);
      if (!(span.to - span.from > MOMENT_MS) || span.to > to) continue;
      if (!last || span.to > this.waitSpan(last).to) last = wait;
    }
    return last;
  }
}

const MOMENT_MS = 60_000; // shorter waits caused no delay

function key({ dag_id, run_id }: { dag_id: string; run_id: string }): string {
  return `${dag_id}\n${run_id}`;
}

function add<T>(map: Map<string, T[]>, at: string, value: T): void {
  const known = map.get(at);
  if (known) known.push(value);
  else map.set(at, [value]);
}
