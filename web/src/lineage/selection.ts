// The part of the lineage that is shown: the asset, and its expanded upstream and downstream.
import type { Direction, LineageGraph } from "./graph";

const AT_ONCE = 8; // neighbours that one expansion adds
const AT_FIRST = 18; // the maximum number of nodes at first
export const MOST_NODES = 300;

export interface Selection {
  focus: number;
  up: Map<number, number>; // the minimum number of a node's neighbours that are shown
  down: Map<number, number>;
}

export interface Shown {
  nodes: number[];
  edges: { from: number; to: number; kind: string }[];
}

// As many levels as fit, at least one.
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

// Only away from the focus: other neighbours of the nodes in between are shown on request.
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
