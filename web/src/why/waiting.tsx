// Who waits for a task, who will, and what the task itself waited for.
import type { Waiting } from "../data";
import { State } from "../timeline/details";
import { LongTable } from "../table";
import { AssetName, Contact, Empty, KindBadge, Task, TeamName } from "../ui";
import { ago, at, duration, instant, kindOf } from "../words";

export function WaitingTeams({ given: { waiting, later } }: { given: Waiting }) {
  if (!waiting.length && !later.length) return <Empty title="No tasks are waiting for it">No task of another DAG depends on it.</Empty>;
  return (
    <>
      {waiting.length > 0 ? (
        <LongTable
          label="Waiting tasks"
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
            each.until ? <span title={at(each.until)}>{ago(each.until)}</span> : <span class="muted">its wait timeout</span>,
            <State state={each.state ?? "not started"} />,
          ])}
        />
      ) : (
        <Empty title="No tasks are waiting now" />
      )}
      {later.length > 0 && (
        <div class="later">
          <h3>Waiting in later runs</h3>
          <LongTable
            label="Tasks waiting in later runs"
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

export interface WaitedFor {
  team: string;
  asset: string;
  sensor_task_id: string;
  start: string | null;
  end: string | null;
}

export function Waited({ dag, run, waited }: { dag: string; run: string; waited: WaitedFor[] }) {
  return (
    <LongTable
      label="What it waited for"
      columns={["Asset", "Team", "Waiting task", "From", "For"]}
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
