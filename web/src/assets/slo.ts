// How often assets met their SLO: from the index in a static site, and inside Airflow requested for the visible assets.
import { useEffect, useState } from "preact/hooks";
import type { SloMet } from "../data";
import { ask, assetsDocument, LIVE, MOST_ASSETS } from "../documents";
import { type Registry, useRegistry } from "../registry";

export type Tally = [number, number] | null | "asked" | "unknown";

const CALM_MS = 250; // no requests for rows that are only scrolled past
const FRESH_MS = 300_000;

let known = new Map<number, { tally: Tally; until: number }>();
let of: Registry | null = null; // the registry that the indexes belong to

export function useSlo(places: number[]): (place: number) => Tally {
  const registry = useRegistry();
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!LIVE) return undefined;
    if (of !== registry) [known, of] = [new Map(), registry];
    const show = (): void => redraw((before) => before + 1);
    const timer = setTimeout(() => void fetchTallies(places.filter((place) => isWanted(registry, place)), show), CALM_MS);
    return () => clearTimeout(timer);
  }, [registry, places.join()]);
  const { assets } = registry.index;
  if (!LIVE) return (place) => assets.slo[place] ?? null;
  return (place) => (assets.exposed[place] ? (known.get(place)?.tally ?? "asked") : null);
}

function isWanted(registry: Registry, place: number): boolean {
  return registry.index.assets.exposed[place] === 1 && (known.get(place)?.until ?? 0) < Date.now();
}

async function fetchTallies(places: number[], show: () => void): Promise<void> {
  const into = known;
  for (let at = 0; at < places.length; at += MOST_ASSETS) {
    const some = places.slice(at, at + MOST_ASSETS);
    const keep = (tally: (i: number) => Tally): void => some.forEach((place, i) => into.set(place, { tally: tally(i), until: Date.now() + FRESH_MS }));
    keep(() => "asked");
    try {
      const { slo } = await ask<SloMet>(assetsDocument("slo", some));
      keep((i) => slo[i] ?? null);
    } catch {
      keep(() => "unknown");
    }
    show();
  }
}
