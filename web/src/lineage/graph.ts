// The lineage of all teams: edges between assets, and to tasks that produce none, in both directions.
import { type Edges, KINDS, type Kind } from "../data";
import type { Registry } from "../registry";
import { hrefs } from "../route";
import { shortTask } from "../words";

export interface Neighbour {
  node: number;
  kind: Kind;
}

export interface LineageNode {
  team: number;
  label: string;
  detail: string; // when it is ready, or where the task is
  href: string | null;
  exposed: boolean;
  isTask: boolean;
}

export type Direction = "up" | "down";

const STRENGTH: Record<Kind, number> = { hard: 0, soft: 1, no_wait: 2, plain: 3 };

export class LineageGraph {
  private readonly up: Map<number, Neighbour[]>;
  private readonly down: Map<number, Neighbour[]>;

  constructor(
    private readonly registry: Registry,
    private readonly edges: Edges,
  ) {
    this.up = this.adjacency(edges.to, edges.from);
    this.down = this.adjacency(edges.from, edges.to);
  }

  // Waits first, then by name; each neighbour once, by its strongest edge.
  neighbours(node: number, direction: Direction): Neighbour[] {
    return (direction === "up" ? this.up : this.down).get(node) ?? [];
  }

  node(node: number): LineageNode {
    const { registry } = this;
    const { assets, readiness } = registry.index;
    const name = assets.name[node];
    if (name !== undefined) {
      const team = registry.teamOfAsset(node);
      return {
        team,
        label: name,
        detail: readiness[assets.ready[node] ?? -1] ?? "",
        href: hrefs.asset(registry.teamName(team), name),
        exposed: assets.exposed[node] === 1,
        isTask: false,
      };
    }
    const task = this.edges.tasks[node - registry.size];
    return {
      team: task?.team ?? -1,
      label: shortTask(task?.task_id ?? "unknown"),
      detail: `task in ${task?.dag_id ?? "an unknown DAG"}`,
      href: task ? registry.airflowUrl(task.dag_id, task.task_id) : null,
      exposed: false,
      isTask: true,
    };
  }

  private adjacency(from: number[], to: number[]): Map<number, Neighbour[]> {
    const nodes = this.registry.size + this.edges.tasks.length;
    const found = new Map<number, Neighbour[]>();
    for (let i = 0; i < from.length; i++) {
      const [source, target] = [from[i] ?? -1, to[i] ?? -1];
      if (!(source >= 0 && source < nodes && target >= 0 && target < nodes) || source === target) continue;
      const neighbour = { node: target, kind: KINDS[this.edges.kind[i] ?? 0] ?? "plain" };
      const known = found.get(source);
      if (known) known.push(neighbour);
      else found.set(source, [neighbour]);
    }
    for (const [source, all] of found) if (all.length > 1) found.set(source, this.tidied(all));
    return found;
  }

  private tidied(neighbours: Neighbour[]): Neighbour[] {
    // The index has assets sorted by name, so sorting by node sorts by name.
    const sorted = neighbours.sort((a, b) => STRENGTH[a.kind] - STRENGTH[b.kind] || a.node - b.node);
    const seen = new Set<number>();
    return sorted.filter(({ node }) => !seen.has(node) && seen.add(node));
  }
}
