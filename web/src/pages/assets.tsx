// All assets: search as you type, filters that are part of the URL, and the table.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Rows } from "../assets/rows";
import { LIVE } from "../documents";
import { type Registry, useRegistry } from "../registry";
import { changeQuery, hrefs } from "../route";
import { Search } from "../search";
import { Empty, Heading } from "../ui";
import { count } from "../words";

interface Filters {
  q: string;
  team: string;
  pipeline: string;
  exposed: boolean;
}

let search: { of: Registry; search: Search } | null = null;

function searchOf(registry: Registry): Search {
  if (search?.of !== registry) search = { of: registry, search: new Search(registry) };
  return search.search;
}

// Inside Airflow it is requested when rows become visible.
function hasSlo({ index: { assets } }: Registry): boolean {
  return LIVE ? assets.exposed.some((each) => each) : assets.slo.some((each) => each !== null);
}

export function AssetsPage({ query }: { query: Record<string, string> }) {
  const registry = useRegistry();
  const filters: Filters = {
    q: query["q"] ?? "",
    team: query["team"] ?? "",
    pipeline: query["pipeline"] ?? "",
    exposed: query["exposed"] === "1",
  };
  const searched = searchOf(registry);
  const found = useMemo(() => searched.find(filters), [searched, filters.q, filters.team, filters.pipeline, filters.exposed]);
  const slo = useMemo(() => hasSlo(registry), [registry]);
  useEffect(() => {
    if (!("requestIdleCallback" in window)) return undefined; // then the first keystroke prepares it
    const handle = requestIdleCallback(() => searched.prepare());
    return () => cancelIdleCallback(handle);
  }, [searched]);
  const filtered = filters.q || filters.team || filters.pipeline || filters.exposed;
  return (
    <>
      <Heading title="Assets" />
      <Filtering filters={filters} found={found.length} />
      {found.length > 0 ? (
        <Rows found={found} slo={slo} />
      ) : filtered ? (
        <Empty title="No asset matches">
          <a href={hrefs.assets()}>Show all {count(registry.size, "asset")}</a>
        </Empty>
      ) : LIVE ? (
        <Empty title="No assets that you have permission to view">
          The pages show the assets of the DAGs that you have permission to read in Airflow. Each team's assets appear after its first <code>dbt-scheduler publish</code>.
        </Empty>
      ) : (
        <Empty title="The registry has no assets yet">
          Each team's assets appear after its first <code>dbt-scheduler publish</code>.
        </Empty>
      )}
    </>
  );
}

function Filtering({ filters, found }: { filters: Filters; found: number }) {
  const { index, size } = useRegistry();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener("keydown", focus);
    return () => window.removeEventListener("keydown", focus);
  }, []);
  const change = (changed: Partial<Filters>): void => {
    const all = { ...filters, ...changed };
    changeQuery({ ...all, exposed: all.exposed ? "1" : null });
    window.scrollTo(0, 0);
  };
  const teams = index.teams.map((team) => team.name).sort((a, b) => a.localeCompare(b));
  return (
    <search class="filters">
      <label class="search-field">
        <span class="hidden">Search by name, team, column, tag or owner</span>
        <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round">
          <circle cx="11" cy="11" r="6.5" />
          <path d="m16 16 4.5 4.5" />
        </svg>
        <input
          ref={field}
          type="search"
          placeholder="Name, team, column, tag or owner"
          autocomplete="off"
          spellcheck={false}
          value={filters.q}
          onInput={(event) => change({ q: event.currentTarget.value })}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <Choice label="Team" all="All teams" options={teams} value={filters.team} onChange={(team) => change({ team })} />
      <Choice label="Pipeline" all="All pipelines" options={index.pipelines} value={filters.pipeline} onChange={(pipeline) => change({ pipeline })} />
      <label class="check">
        <input type="checkbox" checked={filters.exposed} onChange={(event) => change({ exposed: event.currentTarget.checked })} />
        Exposed only
      </label>
      <p class="found" role="status">
        {found === size ? count(size, "asset") : `${found.toLocaleString("en")} of ${count(size, "asset")}`}
      </p>
    </search>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea");
}

function Choice({ label, all, options, value, onChange }: { label: string; all: string; options: string[]; value: string; onChange: (value: string) => void }) {
  return (
    <label class="choice">
      <span class="hidden">{label}</span>
      <select value={value} class={value ? "chosen" : ""} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{all}</option>
        {value && !options.includes(value) && <option value={value}>{value}</option>}
        {options.map((option) => (
          <option value={option}>{option}</option>
        ))}
      </select>
    </label>
  );
}
