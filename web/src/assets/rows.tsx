// The table of assets, of which only the rows in sight are drawn.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useRegistry } from "../registry";
import { hrefs } from "../route";
import { type Tally, useSlo } from "./slo";
import { Name, TeamName, teamClass } from "../ui";
import { count } from "../words";

const NONE: number[] = [];
const BEYOND = 8; // rows drawn above and below what is in sight

export function Rows({ found, slo }: { found: number[]; slo: boolean }) {
  const body = useRef<HTMLDivElement>(null);
  const height = useRowHeight(body);
  const [first, last] = useRowsInSight(body, height, found.length);
  const tallies = useSlo(slo ? found.slice(first, last) : NONE);
  const shown: JSX.Element[] = [];
  for (let row = first; row < last; row++) {
    const place = found[row];
    if (place !== undefined) shown.push(<Row key={place} place={place} row={row} top={row * height} slo={slo ? tallies(place) : undefined} />);
  }
  return (
    <div class={slo ? "assets with-slo" : "assets"} role="table" aria-label="Assets" aria-rowcount={found.length + 1}>
      <div role="rowgroup" class="assets-head">
        <div role="row" aria-rowindex={1} class="assets-row">
          <span role="columnheader">Asset and its task</span>
          <span role="columnheader">Team</span>
          <span role="columnheader">Ready</span>
          <span role="columnheader">Read by</span>
          {slo && <span role="columnheader">SLO met</span>}
        </div>
      </div>
      <div role="rowgroup" class="assets-body" ref={body} style={{ height: `${found.length * height}px` }}>
        {shown}
      </div>
    </div>
  );
}

// The stylesheet says how high a row is: narrow screens have another height.
function useRowHeight(body: { current: HTMLElement | null }): number {
  const [height, setHeight] = useState(() => rowHeight(document.documentElement));
  useEffect(() => {
    const measure = (): void => setHeight(rowHeight(body.current ?? document.documentElement));
    measure();
    window.addEventListener("resize", measure);
    return () => window.removeEventListener("resize", measure);
  }, []);
  return height;
}

function rowHeight(element: HTMLElement): number {
  return parseInt(getComputedStyle(element).getPropertyValue("--asset-row"), 10) || 56;
}

function useRowsInSight(body: { current: HTMLElement | null }, height: number, many: number): [number, number] {
  const [top, setTop] = useState(0); // the first row in sight
  useEffect(() => {
    const look = (): void => {
      const above = body.current ? -body.current.getBoundingClientRect().top : 0;
      setTop(Math.max(0, Math.floor(above / height)));
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [height, many]);
  const fit = Math.ceil(window.innerHeight / height);
  const first = Math.max(0, Math.min(top, many - fit) - BEYOND);
  return [first, Math.min(many, first + fit + 2 * BEYOND)];
}

function Row({ place, row, top, slo }: { place: number; row: number; top: number; slo: Tally | undefined }) {
  const registry = useRegistry();
  const { assets, pipelines, readiness, tags } = registry.index;
  const team = registry.teamName(assets.team[place] ?? -1);
  const name = assets.name[place] ?? "";
  const own = (assets.pipelines[place] ?? []).map((pipeline) => pipelines[pipeline]).join(", ");
  const ready = readiness[assets.ready[place] ?? -1] ?? "";
  return (
    <div role="row" aria-rowindex={row + 2} class="assets-row" style={{ transform: `translateY(${top}px)` }}>
      <span role="cell" class="cell-name">
        <span class="line">
          <a class="row-link strong" href={hrefs.asset(team, name)} title={name}>
            <Name text={name} />
          </a>
          {assets.exposed[place] ? <span class="badge">exposed</span> : null}
          {(assets.tags[place] ?? []).slice(0, 3).map((tag) => (
            <span class="tag">
              <Name text={tags[tag] ?? ""} />
            </span>
          ))}
        </span>
        <span class="line small muted mono">
          <Name text={assets.task[place] ?? ""} />
        </span>
      </span>
      <span role="cell" class="cell-team">
        <span class="line">
          <TeamName name={team} />
        </span>
        <span class="line small muted">{own && <Name text={own} />}</span>
      </span>
      <span role="cell" class="cell-ready" title={ready}>
        {ready ? <Name text={ready} /> : <span class="muted">on no schedule</span>}
      </span>
      <Readers teams={assets.readers[place] ?? []} />
      {slo !== undefined && <Slo tally={slo} />}
    </div>
  );
}

function Readers({ teams }: { teams: number[] }) {
  const registry = useRegistry();
  if (!teams.length) return <span role="cell" class="cell-readers muted" aria-label="no other team">–</span>;
  const names = teams.map((team) => registry.teamName(team)).join(", ");
  return (
    <span role="cell" class="cell-readers" title={names}>
      <span class="dots" aria-hidden="true">
        {teams.slice(0, 4).map((team) => (
          <span class={`dot ${teamClass(team)}`} />
        ))}
      </span>
      {count(teams.length, "team")}
    </span>
  );
}

function Slo({ tally }: { tally: Tally }) {
  if (tally === "asked") return <span role="cell" class="cell-slo muted" aria-label="loading">…</span>;
  if (tally === "unknown") return <span role="cell" class="cell-slo muted" title="Not returned by Airflow">unknown</span>;
  if (!tally?.[1]) return <span role="cell" class="cell-slo muted" aria-label="no SLO">–</span>;
  const [met, of] = tally;
  return (
    <span role="cell" class={met === of ? "cell-slo good" : "cell-slo bad"} title={`in the last ${count(of, "run")} with an SLO`}>
      {met} of {of}
    </span>
  );
}
