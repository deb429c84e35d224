// One run: its critical path in words, what it waited for, when its data landed.
import type { Run } from "../data";
import { LIVE } from "../documents";
import { hrefs } from "../route";
import { LongTable } from "../table";
import { AssetName, Empty, Name, Section, Task, TeamName, TeamNames } from "../ui";
import { at, clock, day, duration, instant } from "../words";
import { stateClass } from "./chart";
import type { PathStep, Runs } from "./runs";

export function Details({ runs, run, path }: { runs: Runs; run: Run; path: PathStep[] }) {
  const span = runs.span(run);
  return (
    <div class="run-details" id="run">
      <h2>
        <Task dag={run.dag_id} run={run.run_id} />
        <State state={run.state} />
      </h2>
      <p class="muted">
        Due {at(run.due)}
        {run.start ? `, started ${clock(span.from)} UTC, ${run.end ? `done ${moment(span.to, span.from)} after` : "for"} ${duration(span.to - span.from)}` : ", not started"}
      </p>
      <CriticalPath path={path} run={run} />
      <Waited runs={runs} run={run} />
      <Landed runs={runs} run={run} />
    </div>
  );
}

export function State({ state }: { state: string }) {
  return (
    <span class={`state state-${stateClass(state)}`}>
      <Name text={state} />
    </span>
  );
}

// The day too, where it is another.
function moment(ms: number, other: number): string {
  return `${day(ms) === day(other) ? "" : `${day(ms)}, `}${clock(ms)} UTC`;
}

function CriticalPath({ path, run }: { path: PathStep[]; run: Run }) {
  const all = path.reduce((sum, step) => sum + step.span.to - step.span.from, 0) || 1;
  return (
    <Section title="Critical path">
      <ol class="path">
        {path.map((step) => (
          <li>
            <p>
              <TeamNames of={step.run} /> <Task dag={step.run.dag_id} run={step.run.run_id} />
            </p>
            <p class="muted">
              {step.wait ? (
                <>
                  <AssetName team={step.wait.producer_team} asset={step.wait.producer_asset} /> was ready at {moment(step.span.from, instant(run.due))},{" "}
                </>
              ) : (
                <>started {moment(step.span.from, instant(run.due))}, </>
              )}
              then {duration(step.span.to - step.span.from)}
              {step.run === run && !run.end ? " until now" : ""}
            </p>
            <meter min={0} max={1} value={(step.span.to - step.span.from) / all} aria-label="Share of the total time" />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Waited({ runs, run }: { runs: Runs; run: Run }) {
  const waits = runs.waits(run);
  return (
    <Section title="Waited for" many={waits.length}>
      {waits.length ? (
        <LongTable
          label="What the run waited for"
          columns={["Asset", "Team", "Waiting task", "From", "For", ""]}
          rows={waits.map((wait) => {
            const span = runs.waitSpan(wait);
            return [
              <AssetName team={wait.producer_team} asset={wait.producer_asset} />,
              <TeamName name={wait.producer_team} />,
              <Task dag={wait.dag_id} task={wait.task_id} run={wait.run_id} />,
              wait.start ? `${clock(span.from)} UTC` : <span class="muted">not started</span>,
              wait.start ? `${duration(span.to - span.from)}${wait.end ? "" : " so far"}` : "",
              LIVE && !wait.end ? <a href={hrefs.why(wait.dag_id, wait.task_id, wait.run_id)}>Why?</a> : <State state={wait.state} />,
            ];
          })}
        />
      ) : (
        <Empty title="It did not wait for any other DAG" />
      )}
    </Section>
  );
}

function Landed({ runs, run }: { runs: Runs; run: Run }) {
  const landings = runs.landings(run);
  if (!landings.length) return null;
  return (
    <Section title="Data landed" many={landings.length}>
      <LongTable
        label="When the run's data landed"
        columns={["Asset", "Landed", "SLO", ""]}
        rows={landings.map((landing) => [
          <AssetName team={landing.team} asset={landing.asset} />,
          landing.landed ? at(landing.landed) : <span class="muted">not yet</span>,
          landing.due ? at(landing.due) : <span class="muted">none</span>,
          <Against landed={landing.landed} due={landing.due} met={landing.met} />,
        ])}
      />
    </Section>
  );
}

function Against({ landed, due, met }: { landed: string | null; due: string | null; met: boolean | null }) {
  if (met === null || !due) return <span class="muted">–</span>;
  const by = landed ? Math.abs(instant(landed) - instant(due)) : NaN;
  if (met) return <span class="good">{Number.isNaN(by) ? "met" : `${duration(by)} early`}</span>;
  return <span class="bad">{Number.isNaN(by) ? "missed" : `${duration(by)} late`}</span>;
}
