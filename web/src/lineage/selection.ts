// Which part of the lineage is shown: the asset, and what has been expanded from it up and down.
import type { Direction, LineageGraph } from "./graph";

const AT_ONCE = 8; // neighbours that one expansion shows
const AT_FIRST = 18; // nodes that are shown without asking
export const MOST_NODES = 300;

export interface Selection {
  focus: number;
  up: Map<number, number>; // how many neighbours of a node are shown at least
  down: Map<number, number>;
}

export interface Shown {
  nodes: number[];
  edges: { from: number; to: number; kind: string }[];
}

// As many levels as fit, and one at least.
export function selectionAt(graph: LineageGraph, focus: number, fits: (part: Shown) => boolean): Selection {
  let selection: Selection = { focus, up: new Map([[focus, AT_ONCE]]), down: new Map([[focus, AT_ONCE]]) };
  for (let levels = 0; levels < 4; levels++) {
    const further = oneLevelFurther(graph, selection);
    const part = shown(graph, further);
    const more = part.nodes.length;
    if (more > AT_FIRST || more === shown(graph, selection).nodes.length || !fits(part)) return selection;
    selection = further;
  }
  return selection;
}

export function expanded(selection: Selection, node: number, direction: Direction): Selection {
  const changed = new Map(selection[direction]);
  changed.set(node, (changed.get(node) ?? 0) + AT_ONCE);
  return { ...selection, [direction]: changed };
}

// Further away from the focus only: what else those in between read is for whoever asks.
export function oneLevelFurther(graph: LineageGraph, selection: Selection): Selection {
  const along = (direction: Direction): Map<number, number> => {
    const known = selection[direction];
    const changed = new Map(known);
    const seen = new Set([selection.focus]);
    for (const node of seen) {
      if (!known.has(node)) changed.set(node, AT_ONCE);
      else for (const each of graph.neighbours(node, direction).slice(0, known.get(node))) seen.add(each.node);
    }
    return changed;
  };
  return { ...selection, up: along("up"), down: along("down") };
}

export function shown(graph: LineageGraph, selection: Selection): Shown {
  const nodes = new Set([selection.focus]);
  for (const node of nodes) {
    for (const direction of ["up", "down"] as const) {
      const many = selection[direction].get(node) ?? 0;
      for (const each of graph.neighbours(node, direction).slice(0, many)) {
        if (nodes.size < MOST_NODES) nodes.add(each.node);
      }
    }
  }
  const edges = [...nodes].flatMap((from) =>
    graph
      .neighbours(from, "down")
      .filter(({ node }) => nodes.has(node))
      .map(({ node, kind }) => ({ from, to: node, kind })),
  );
  return { nodes: [...nodes], edges };
}

export function hidden(graph: LineageGraph, nodes: Set<number>, node: number, direction: Direction): number {
  return graph.neighbours(node, direction).filter((each) => !nodes.has(each.node)).length;
}
