// The search over all assets: each word must occur in the name, team, columns, tags or owners.
import type { Registry } from "./registry";

export interface Filter {
  q: string;
  team: string;
  pipeline: string;
  exposed: boolean;
}

export class Search {
  private haystacks: string[] | null = null;
  private names: string[] = [];

  private last: { filter: Filter; found: number[] } | null = null;

  constructor(private readonly registry: Registry) {}

  // Build the searched texts once: before the first keystroke if the browser is idle.
  prepare(): void {
    if (this.haystacks) return;
    const { assets, teams, tags, owners } = this.registry.index;
    const words = (places: number[] | undefined, vocabulary: string[]): string =>
      places?.length ? places.map((place) => vocabulary[place] ?? "").join(" ") : "";
    this.names = assets.name.map((name) => name.toLowerCase());
    this.haystacks = assets.name.map((name, i) => {
      const team = teams[assets.team[i] ?? -1]?.name ?? "";
      const rest = [assets.columns[i] ?? "", words(assets.tags[i], tags), words(assets.owners[i], owners)];
      return `${name} ${team}.${name} ${rest.join(" ")}`.toLowerCase();
    });
  }

  // Indexes of the assets, the best matches of the name first.
  find(filter: Filter): number[] {
    const { assets, pipelines } = this.registry.index;
    const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length) this.prepare();
    const team = filter.team ? (this.registry.teamPlace(filter.team) ?? -2) : -1;
    const pipeline = filter.pipeline ? pipelines.indexOf(filter.pipeline) : -1;
    const ranks: number[][] = [[], [], [], []];
    const among = this.last && narrows(filter, this.last.filter) ? this.last.found : null;
    const many = among?.length ?? assets.name.length;
    for (let at = 0; at < many; at++) {
      const i = among?.[at] ?? at;
      if (team !== -1 && assets.team[i] !== team) continue;
      if (filter.exposed && !assets.exposed[i]) continue;
      if (filter.pipeline && !assets.pipelines[i]?.includes(pipeline)) continue;
      const rank = words.length ? this.rank(i, words) : 0;
      if (rank >= 0) ranks[rank]?.push(i);
    }
    const ranked = ranks.flat();
    // In the order of the index: the next search ranks them itself.
    this.last = { filter, found: ranks.filter((rank) => rank.length).length > 1 ? ranked.slice().sort((a, b) => a - b) : ranked };
    return ranked;
  }

  private rank(i: number, words: string[]): number {
    const haystack = this.haystacks?.[i] ?? "";
    for (const word of words) if (!haystack.includes(word)) return -1;
    const name = this.names[i] ?? "";
    const first = words[0] ?? "";
    if (name === first) return 0;
    if (name.startsWith(first)) return 1;
    return name.includes(first) ? 2 : 3;
  }
}

// Whether a search can only find results of the previous one, as after another keystroke.
function narrows(filter: Filter, before: Filter): boolean {
  const same = filter.team === before.team && filter.pipeline === before.pipeline && filter.exposed === before.exposed;
  return same && before.q !== "" && filter.q.startsWith(before.q);
}
