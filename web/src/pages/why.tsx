// Why a task did or did not run: the chain of waits down to the root cause, and who is waiting for the task.
import { useState } from "preact/hooks";
import type { History, Step, Wait, Waiting } from "../data";
import { DOCUMENTS, LIVE, liveDocument, useDocument } from "../documents";
import { useRegistry } from "../registry";
import { hrefs } from "../route";
import { Runs } from "../timeline/runs";
import { Empty, Given, Guard, Heading, Section, Task } from "../ui";
import { Explanation } from "../why/chain";
import { Waited, type WaitedFor, WaitingTeams } from "../why/waiting";
import { count, shortTask } from "../words";
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
    <Empty title="This page requires a running Airflow">
      Inside Airflow it shows what a task waits for, up to the root cause. On this site, use the command line instead: <code>{command}</code>
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
      <p class="muted">Why did a task or run fail, or not run? What did it wait for, and which tasks are waiting for it?</p>
      {field("dag", "DAG", true)}
      {field("task", "Task; the whole run if empty", false)}
      {field("run", "Run id or day; the latest run if empty", false)}
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
      <Given loaded={waiting} what="the waiting tasks">
        {(given) => (
          <Guard what="The waiting tasks">
            {given.waited.length > 0 && (
              <Section title={task ? "What it waited for" : "What the run waited for"} many={given.waited.length}>
                <Waited dag={dag} run={run} waited={given.waited} />
              </Section>
            )}
            <Section title="Waiting for this">
              <WaitingTeams given={given} />
            </Section>
          </Guard>
        )}
      </Given>
    </>
  );
}

// For a shell: the words come from the address, which anybody may have written.
function quoted(word: string): string {
  return /^[\w.:+@][\w.:+@-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

// In a static site: what the history knows of the run.
function OfHistory({ dag, task, run }: { dag: string; task: string; run: string }) {
  const registry = useRegistry();
  const there = registry.has("history");
  const loaded = useDocument<History>(there ? DOCUMENTS.history : null);
  const command = ["dbt-scheduler explain", quoted(dag), task && quoted(task), run && `--run ${quoted(run)}`].filter(Boolean).join(" ");
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
                {waits.length ? <Waited dag={dag} run={run} waited={waits.map(ofHistory)} /> : <Empty title="It did not wait for any other DAG" />}
              </Section>
            );
          }}
        </Given>
      )}
    </>
  );
}

function ofHistory(wait: Wait): WaitedFor {
  return { team: wait.producer_team, asset: wait.producer_asset, sensor_task_id: wait.task_id, start: wait.start, end: wait.end };
}
