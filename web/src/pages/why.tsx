// Why a task did or did not run: the chain of waits down to the root cause, and who is waiting for the task.
import { useState } from "preact/hooks";
import type { History, Step, Wait, Waiting } from "../data";
import { DOCUMENTS, LIVE, liveDocument, useDocument } from "../documents";
import { useRegistry } from "../registry";
import { hrefs } from "../route";
import { State } from "../timeline/details";
import { Runs } from "../timeline/runs";
import { AirflowLink, AssetName, Contact, Empty, Given, Guard, Heading, KindBadge, LongTable, Name, Section, Task, TeamName } from "../ui";
import { ago, at, count, duration, instant, kindOf, shortTask } from "../words";
import { useTurns } from "./timeline";

export function WhyPage({ dag, task, run }: { dag: string; task: string; run: string }) {
  if (!dag) {
    return (
      <>
        <Heading title="Why?" />
        {LIVE ? <Ask /> : <OnlyLive command="dbt-scheduler explain DAG TASK" />}
      </>
    );
  }
  return (
    <>
      <Heading
        title={task ? shortTask(task) : dag}
        kicker={
          <>
            <a href="#/why">Why?</a>
            <span aria-hidden="true"> / </span>
            <Task dag={dag} {...(task ? { task } : {})} run={run || null} />
          </>
        }
      />
      {LIVE ? <Live dag={dag} task={task} run={run} /> : <OfHistory dag={dag} task={task} run={run} />}
    </>
  );
}

function OnlyLive({ command }: { command: string }) {
  return (
    <Empty title="This page needs a running Airflow">
      Inside Airflow it shows what a task waits for, up to the root cause. Here the command line says it: <code>{command}</code>
    </Empty>
  );
}

function Ask() {
  const [asked, setAsked] = useState({ dag: "", task: "", run: "" });
  const field = (name: keyof typeof asked, label: string, required: boolean) => (
    <label>
      <span>{label}</span>
      <input value={asked[name]} required={required} autocomplete="off" spellcheck={false} onInput={(event) => setAsked({ ...asked, [name]: event.currentTarget.value.trim() })} />
    </label>
  );
  return (
    <form
      class="ask"
      onSubmit={(event) => {
        event.preventDefault();
        location.hash = hrefs.why(asked.dag, asked.task, asked.run);
      }}
    >
      <p class="muted">Why did a task run, or why not? Who is waiting for it?</p>
      {field("dag", "DAG", true)}
      {field("task", "Task", true)}
      {field("run", "Run id or day; the newest run if empty", false)}
      <button type="submit" class="button button-main">
        Ask
      </button>
    </form>
  );
}

function Live({ dag, task, run }: { dag: string; task: string; run: string }) {
  const turn = useTurns();
  const query = { dag, task, run };
  const why = useDocument<Step>(liveDocument("why", query), turn);
  const waiting = useDocument<Waiting>(liveDocument("waiting", query), turn);
  return (
    <>
      <Given loaded={why} what="the explanation">
        {(step) => (
          <Guard what="The explanation">
            <Explanation step={step} />
          </Guard>
        )}
      </Given>
      <Given loaded={waiting} what="who is waiting">
        {(given) => (
          <Guard what="Who is waiting">
            {given.waited.length > 0 && (
              <Section title={task ? "What it waited for" : "What the run waited for"} many={given.waited.length}>
                <Waited dag={dag} run={run} waited={given.waited} />
              </Section>
            )}
            <Section title="Who is waiting for this">
              <WaitingTeams given={given} />
            </Section>
          </Guard>
        )}
      </Given>
    </>
  );
}

function Explanation({ step }: { step: Step }) {
  const roots = rootsOf(step);
  const further = roots.filter((root) => root !== step);
  return (
    <>
      {further.length > 0 && (
        <div class="root-summary">
          <p class="root-title">{further.length === 1 ? "Root cause" : `${further.length} root causes`}</p>
          <ul>
            {further.map((root) => (
              <li>
                <TeamName name={root.team} />: <Sentence step={root} />
              </li>
            ))}
          </ul>
        </div>
      )}
      <div class="chain">
        <Chain step={step} roots={new Set(roots)} />
      </div>
    </>
  );
}

// As `explain` does: a wait for what has succeeded meanwhile is held up by nothing any more but itself.
function rootsOf(step: Step): Step[] {
  if (step.because.every((each) => each.state === "success")) return step.ends ? [step] : [];
  return step.because.flatMap(rootsOf);
}

function Sentence({ step }: { step: Step }) {
  const url = useRegistry().trusted(step.url);
  return (
    <>
      <AirflowLink url={url}>
        <span class="mono strong">
          <Name text={nameOf(step)} />
        </span>
      </AirflowLink>{" "}
      <Name text={step.text} />
    </>
  );
}

// A sensor is called like the asset that it waits for, so its group is said too.
function nameOf({ task_id }: Step): string {
  if (!task_id) return "the run";
  return task_id.startsWith("wait_for") ? task_id : shortTask(task_id);
}

function Chain({ step, roots }: { step: Step; roots: Set<Step> }) {
  return (
    <>
      <StepCard step={step} isRoot={roots.has(step)} />
      {step.because.length > 0 && (
        <ol class={step.because.length > 1 ? "because because-many" : "because"} aria-label="because">
          {step.because.map((each) => (
            <li>
              {each.through.length > 0 && (
                <p class="through small muted">
                  by way of <Name text={each.through.map(shortTask).join(", ")} mono />
                </p>
              )}
              <Chain step={each} roots={roots} />
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function StepCard({ step, isRoot }: { step: Step; isRoot: boolean }) {
  const url = useRegistry().trusted(step.url);
  const when = step.data_interval_start ?? step.logical_date;
  return (
    <article class={`step${isRoot ? " step-root" : ""}`}>
      <header>
        <TeamName name={step.team} />
        <span class="small">
          <Contact channel={step.channel} />
        </span>
        <span class="gap" />
        {isRoot && <span class="badge badge-root">root cause</span>}
        {step.state && <State state={step.state} />}
      </header>
      <p class="step-text">
        <Sentence step={step} />
      </p>
      <footer class="small muted">
        <span class="mono">
          <Name text={step.dag_id} />
        </span>
        {when && <span>run of {at(when)}</span>}
        {step.since && <span title={at(step.since)}>for {duration(Date.now() - instant(step.since))}</span>}
        {step.until && <span title={at(step.until)}>gives up {ago(step.until)}</span>}
        {url && (
          <AirflowLink url={url}>
            Log<span class="hidden"> of {shortTask(step.task_id)}</span>
          </AirflowLink>
        )}
        {step.run_id && <a href={hrefs.timeline({ dag: step.dag_id, run: step.run_id, days: "3" })}>Timeline</a>}
      </footer>
    </article>
  );
}

function WaitingTeams({ given: { waiting, later } }: { given: Waiting }) {
  if (!waiting.length && !later.length) return <Empty title="Nobody is waiting for it">No other team's task needs it.</Empty>;
  return (
    <>
      {waiting.length > 0 ? (
        <LongTable
          label="Who is waiting now"
          columns={["Team", "Task", "Dependency", "Since", "Until", "State"]}
          rows={waiting.map((each) => [
            <span class="stack">
              <TeamName name={each.team} />
              <span class="small muted">
                <Contact channel={each.channel} />
              </span>
            </span>,
            <Task dag={each.dag_id} task={each.sensor_task_id} run={each.run_id} />,
            <KindBadge kind={kindOf(each.dependency)} />,
            each.since ? <span title={at(each.since)}>{ago(each.since)}</span> : <span class="muted">–</span>,
            each.until ? <span title={at(each.until)}>{ago(each.until)}</span> : <span class="muted">no limit</span>,
            <State state={each.state ?? "not started"} />,
          ])}
        />
      ) : (
        <Empty title="Nobody is waiting now" />
      )}
      {later.length > 0 && (
        <div class="later">
          <h3>Needs it in a later run</h3>
          <LongTable
            label="Who needs it later"
            columns={["Team", "Contact", "Task", "Dependency"]}
            rows={later.map((each) => [
              <TeamName name={each.team} />,
              <Contact channel={each.channel} />,
              <Task dag={each.dag_id} task={each.sensor_task_id} />,
              <KindBadge kind={kindOf(each.dependency)} />,
            ])}
          />
        </div>
      )}
    </>
  );
}

interface WaitedFor {
  team: string;
  asset: string;
  sensor_task_id: string;
  start: string | null;
  end: string | null;
}

function Waited({ dag, run, waited }: { dag: string; run: string; waited: WaitedFor[] }) {
  return (
    <LongTable
      label="What it waited for"
      columns={["Asset", "Team", "By task", "From", "For"]}
      rows={waited.map((wait) => [
        <AssetName team={wait.team} asset={wait.asset} />,
        <TeamName name={wait.team} />,
        <Task dag={dag} task={wait.sensor_task_id} run={run || null} />,
        wait.start ? at(wait.start) : <span class="muted">not started</span>,
        wait.start && wait.end ? duration(instant(wait.end) - instant(wait.start)) : wait.start ? `${duration(Date.now() - instant(wait.start))} so far` : "",
      ])}
    />
  );
}

function ofHistory(wait: Wait): WaitedFor {
  return { team: wait.producer_team, asset: wait.producer_asset, sensor_task_id: wait.task_id, start: wait.start, end: wait.end };
}

// In a static site: what the history knows of the run.
function OfHistory({ dag, task, run }: { dag: string; task: string; run: string }) {
  const registry = useRegistry();
  const there = registry.has("history");
  const loaded = useDocument<History>(there ? DOCUMENTS.history : null);
  const command = ["dbt-scheduler explain", dag, task, run && `--run ${run}`].filter(Boolean).join(" ");
  return (
    <>
      <OnlyLive command={command} />
      {there && run && (
        <Given loaded={loaded} what="the history">
          {(history) => {
            const runs = new Runs(history);
            const found = runs.find(dag, run);
            if (!found) return null;
            const waits = runs.waits(found);
            return (
              <Section title="What its run waited for" aside={<a href={hrefs.timeline({ dag, run })}>{count(waits.length, "wait")} in the timeline</a>}>
                {waits.length ? <Waited dag={dag} run={run} waited={waits.map(ofHistory)} /> : <Empty title="It waited for no other DAG" />}
              </Section>
            );
          }}
        </Given>
      )}
    </>
  );
}
