// The chain of waits, from the explained task to the root causes.
import type { Step } from "../data";
import { useRegistry } from "../registry";
import { hrefs } from "../route";
import { State } from "../timeline/details";
import { AirflowLink, Contact, Name, TeamName } from "../ui";
import { ago, at, duration, instant, shortTask } from "../words";

export function Explanation({ step }: { step: Step }) {
  const roots = rootsOf(step);
  const further = roots.filter((root) => root !== step);
  const causes = further.filter((root) => !root.hidden);
  return (
    <>
      <Summary title={causes.length === 1 ? "Root cause" : `${causes.length} root causes`} steps={causes} />
      <Summary title="The chain continues in DAGs that you cannot view" steps={further.filter((root) => root.hidden)} />
      <div class="chain">
        <Chain step={step} roots={new Set(roots)} />
      </div>
    </>
  );
}

function Summary({ title, steps }: { title: string; steps: Step[] }) {
  if (!steps.length) return null;
  return (
    <div class="root-summary">
      <p class="root-title">{title}</p>
      <ul>
        {steps.map((each) => (
          <li>
            <TeamName name={each.team} />: <Sentence step={each} />
          </li>
        ))}
      </ul>
    </div>
  );
}

// As in `explain`: if everything that a step waited for has succeeded meanwhile, the step itself is the root cause.
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

// A sensor has the name of its asset, so its group is shown too.
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
                  through <Name text={each.through.map(shortTask).join(", ")} mono />
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
    <article class={`step${isRoot && !step.hidden ? " step-root" : ""}`}>
      <header>
        <TeamName name={step.team} />
        <span class="small">
          <Contact channel={step.channel} />
        </span>
        <span class="gap" />
        {isRoot && (step.hidden ? <span class="badge badge-quiet">not visible to you</span> : <span class="badge badge-root">root cause</span>)}
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
        {step.until && <span title={at(step.until)}>times out {ago(step.until)}</span>}
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
