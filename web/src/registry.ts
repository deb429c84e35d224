// The index, with its frequent lookups.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Index } from "./data";
import { LIVE } from "./documents";

export class Registry {
  private places: Map<string, number> | null = null;
  private readonly teamPlaces: Map<string, number>;
  private readonly airflow: URL | null;

  constructor(readonly index: Index) {
    index.assets.slo ??= []; // missing in the index of an earlier release
    this.teamPlaces = new Map(index.teams.map((team, place) => [team.name, place]));
    this.airflow = httpUrl(index.airflow_url);
  }

  get size(): number {
    return this.index.assets.name.length;
  }

  teamPlace(name: string): number | undefined {
    return this.teamPlaces.get(name);
  }

  teamName(place: number): string {
    return this.index.teams[place]?.name ?? "unknown";
  }

  assetPlace(team: string, asset: string): number | undefined {
    if (!this.places) {
      const { name, team: teams } = this.index.assets;
      this.places = new Map(name.map((each, place) => [`${teams[place]}/${each}`, place]));
    }
    return this.places.get(`${this.teamPlace(team)}/${asset}`);
  }

  teamOfAsset(place: number): number {
    return this.index.assets.team[place] ?? -1;
  }

  has(document: string): boolean {
    return this.index.documents.includes(document);
  }

  // The URL of a page in Airflow; null if Airflow's URL is unknown.
  airflowUrl(dag: string, task?: string | null, run?: string | null): string | null {
    if (!this.airflow || !dag) return null;
    const parts = ["dags", dag, ...(run ? ["runs", run] : []), ...(task ? ["tasks", task] : [])];
    const base = this.airflow.href.replace(/\/+$/, "");
    return `${base}/${parts.map(encodeURIComponent).join("/")}`;
  }

  // A link from a document, if it leads to Airflow.
  trusted(url: string): string | null {
    const target = httpUrl(url);
    const home = this.airflow?.origin ?? (LIVE ? location.origin : null);
    return target && target.origin === home ? target.href : null;
  }
}

function httpUrl(text: string | null): URL | null {
  if (!text || !URL.canParse(text, location.href)) return null;
  const url = new URL(text, location.href);
  return url.protocol === "http:" || url.protocol === "https:" ? url : null;
}

export const RegistryContext = createContext<Registry | null>(null);

export function useRegistry(): Registry {
  const registry = useContext(RegistryContext);
  if (!registry) throw new Error("no registry");
  return registry;
}
