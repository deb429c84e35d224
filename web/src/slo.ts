// How often assets were there by their SLO, of the history.
import type { History, Landing } from "./data";
import { instant } from "./words";

export interface SloTally {
  met: number;
  of: number;
}

const LAST_RUNS = 30;

// By "team/asset", of the last runs that had an SLO and are decided.
export function sloOfAssets(history: History): Map<string, SloTally> {
  const landings = new Map<string, Landing[]>();
  for (const landing of history.landings) {
    if (landing.met === null) continue;
    const key = `${landing.team}/${landing.asset}`;
    const known = landings.get(key);
    if (known) known.push(landing);
    else landings.set(key, [landing]);
  }
  const tallies = new Map<string, SloTally>();
  for (const [key, all] of landings) {
    const last = all.sort((a, b) => instant(b.due) - instant(a.due)).slice(0, LAST_RUNS);
    tallies.set(key, { met: last.filter((landing) => landing.met).length, of: last.length });
  }
  return tallies;
}
