// The small parts that all pages are made of.
import { Component, type ComponentChildren } from "preact";
import type { Kind } from "./data";
import { LIVE, type Loaded } from "./documents";
import { useRegistry } from "./registry";
import { hrefs, usePageTitle } from "./route";
import { ago, at, KIND_WORDS } from "./words";

export const TEAM_COLOURS = 12;

export function teamClass(place: number | undefined): string {
  return place === undefined || place < 0 ? "team-none" : `team-${place % TEAM_COLOURS}`;
}

// A name that somebody gave: its own direction, whatever is in it, and never markup.
export function Name({ text, mono = false }: { text: string; mono?: boolean }) {
  return <bdi class={mono ? "name mono" : "name"}>{text === "" ? "(no name)" : text}</bdi>;
}

export function Heading({ title, kicker, children }: { title: string; kicker?: ComponentChildren; children?: ComponentChildren }) {
  usePageTitle(title);
  return (
    <header class="page-head">
      {kicker && <p class="kicker">{kicker}</p>}
      <h1 tabIndex={-1}>
        <Name text={title} />
      </h1>
      {children}
    </header>
  );
}

// All teams of a run, or of a row of runs.
export function TeamNames({ of }: { of: { team: string; other_teams: string[] } }) {
  return (
    <span>
      {[of.team, ...of.other_teams].map((name, i) => (
        <>
          {i > 0 && " "}
          <TeamName name={name} />
        </>
      ))}
    </span>
  );
}

export function TeamName({ name, link = true }: { name: string; link?: boolean }) {
  const place = useRegistry().teamPlace(name);
  const inside = (
    <>
      <span class={`dot ${teamClass(place)}`} aria-hidden="true" />
      <Name text={name} />
    </>
  );
  if (place === undefined || !link) return <span class="team-name">{inside}</span>;
  return (
    <a class="team-name" href={hrefs.team(name)}>
      {inside}
    </a>
  );
}

export function AssetName({ team, asset }: { team: string; asset: string }) {
  const known = useRegistry().assetPlace(team, asset) !== undefined;
  return known ? (
    <a class="strong" href={hrefs.asset(team, asset)}>
      <Name text={asset} />
    </a>
  ) : (
    <Name text={asset} />
  );
}

// A link to a page of Airflow; inside Airflow it changes Airflow's own page, as its frame lets no other open.
export function AirflowLink({ url, children }: { url: string | null; children: ComponentChildren }) {
  if (!url) return <>{children}</>;
  return (
    <a href={url} target={LIVE ? "_top" : "_blank"} rel="noopener noreferrer" onClick={(event) => inAirflow(event, url)}>
      {children}
    </a>
  );
}

function inAirflow(event: MouseEvent, url: string): void {
  const target = new URL(url);
  if (!LIVE || window.parent === window || target.origin !== location.origin) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { parent } = window;
  parent.history.pushState({}, "", target.pathname + target.search);
  parent.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
}

export function Task({ dag, task, run }: { dag: string; task?: string; run?: string | null }) {
  const url = useRegistry().airflowUrl(dag, task, run);
  return (
    <AirflowLink url={url}>
      <span class="mono task">
        <Name text={dag} />
        {task !== undefined && (
          <>
            <span class="slash" aria-hidden="true">
              {" › "}
            </span>
            <Name text={task} />
          </>
        )}
      </span>
    </AirflowLink>
  );
}

export function KindBadge({ kind }: { kind: Kind }) {
  return (
    <span class={`kind kind-${kind}`} title={KIND_WORDS[kind].means}>
      {KIND_WORDS[kind].name}
    </span>
  );
}

export function Tags({ tags, label = "tag" }: { tags: string[]; label?: string }) {
  if (!tags.length) return null;
  return (
    <ul class="tags" aria-label={`${label}s`}>
      {tags.map((tag) => (
        <li>
          <a href={hrefs.assets({ q: tag })}>
            <Name text={tag} />
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Section({ title, many, aside, children }: { title: string; many?: number; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="section">
      <div class="section-head">
        <h2>
          {title}
          {many !== undefined && <span class="many">{many.toLocaleString("en")}</span>}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

// Inside Airflow it may be there for others; what cannot be read is listed above.
export function noTeam(): string {
  return LIVE ? "Team not found, or you do not have permission to view it" : "Team not found in the registry";
}

export function whyNoTeam(): string {
  return `It has not published yet, has a different name, ${LIVE ? "you do not have permission to read its DAGs in Airflow, " : ""}or its entry cannot be read.`;
}

export function Notice({ children }: { children: ComponentChildren }) {
  return (
    <div class="notice" role="status">
      {children}
    </div>
  );
}

// How old what is shown is: a history may be much older than the site.
export function AsOf({ what = "history", time }: { what?: string; time: string }) {
  return (
    <span class="muted">
      {what} as of {at(time)}, {ago(time)}
    </span>
  );
}

// What Airflow did not return in time, if anything.
export function Missing({ of }: { of: string[] | undefined }) {
  if (!of?.length) return null;
  return (
    <Notice>
      <strong>Some data is missing</strong>: Airflow did not return {of.join("; ")} in time.
    </Notice>
  );
}

// What is in a document, or what is the matter with it, in its place.
export function Given<T>({ loaded, what, children }: { loaded: Loaded<T>; what: string; children: (value: T) => ComponentChildren }) {
  if (loaded.state === "there") return <>{children(loaded.value)}</>;
  if (loaded.state === "loading") {
    return (
      <p class="loading" role="status">
        Loading {what}…
      </p>
    );
  }
  const trouble = { missing: "cannot be loaded", damaged: "cannot be read", refused: "cannot be shown" }[loaded.state];
  return (
    <Notice>
      <strong>
        {what[0]?.toUpperCase()}
        {what.slice(1)} {trouble}
      </strong>
      : {loaded.text}.
    </Notice>
  );
}

// What a damaged document brings down is this part only; ``instead`` is what can be shown without what is damaged.
export class Guard extends Component<{ what: string; instead?: ComponentChildren; children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  static override getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <>
        <Notice>
          <strong>{this.props.what} cannot be shown</strong>: the document has an unexpected format.
        </Notice>
        {this.props.instead}
      </>
    );
  }
}

export function Contact({ channel, tag }: { channel: string | null; tag?: string[] }) {
  if (!channel && !tag?.length) return <span class="contact muted">no channel</span>;
  return (
    <span class="contact">
      {channel && <Name text={channel} />}
      {tag?.length ? (
        <span class="muted">
          {channel && " "}
          <Name text={tag.join(" ")} />
        </span>
      ) : null}
    </span>
  );
}
