// The layout of nodes, edges and the boxes of teams: layers from left to right.
import { Graph, layout } from "@dagrejs/dagre";
import type { LineageGraph } from "./graph";
import type { Shown } from "./selection";
import { widthOf } from "./text";

export const NODE_HEIGHT = 46;
export const BESIDE_NAME = 38; // the width of a node without its name
const WIDTH = { least: 150, most: 280 };

export interface Box {
  x: number; // of the upper left corner
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  width: number;
  height: number;
  nodes: Map<number, Box>;
  lanes: { key: string; team: number; box: Box }[];
  edges: { key: string; from: number; to: number; kind: string; path: string; middle: { x: number; y: number } }[];
}

interface Point {
  x: number;
  y: number;
}

export function laidOut(graph: LineageGraph, shown: Shown): Layout {
  const g = new Graph({ compound: true, multigraph: true });
  g.setGraph({ rankdir: "LR", nodesep: 22, ranksep: 52, edgesep: 10, marginx: 16, marginy: 30 });
  g.setDefaultEdgeLabel(() => ({}));
  const stages = stagesOf(graph, shown);
  const longest = Math.max(...shown.nodes.map((node) => widthOf(graph.node(node).label, "node")));
  const width = Math.min(WIDTH.most, Math.max(WIDTH.least, Math.ceil(longest) + BESIDE_NAME));
  for (const node of shown.nodes) {
    const lane = `lane ${graph.node(node).team} ${stages.get(node) ?? 0}`;
    if (!g.hasNode(lane)) g.setNode(lane, {});
    g.setNode(String(node), { width, height: NODE_HEIGHT });
    g.setParent(String(node), lane);
  }
  for (const { from, to } of shown.edges) g.setEdge(String(from), String(to));
  layout(g);
  return drawn(g, shown);
}

function drawn(g: Graph, shown: Shown): Layout {
  const box = (id: string): Box => {
    const { x, y, width, height } = g.node(id) as Box;
    return { x: x - width / 2, y: y - height / 2, width, height };
  };
  const nodes = new Map(shown.nodes.map((node) => [node, box(String(node))]));
  const keys = [...new Set(shown.nodes.map((node) => String(g.parent(String(node)))))].sort();
  const lanes = keys.map((key) => ({ key, team: Number(key.split(" ")[1]), box: around(nodes, g, key) }));
  const edges = shown.edges.map(({ from, to, kind }) => {
    const points = joined((g.edge(String(from), String(to)) as { points: Point[] }).points, nodes.get(from), nodes.get(to));
    const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
    return { key: `${from} ${to}`, from, to, kind, path: curve(points), middle };
  });
  const right = Math.max(...lanes.map((lane) => lane.box.x + lane.box.width));
  const bottom = Math.max(...lanes.map((lane) => lane.box.y + lane.box.height));
  return { width: right + 16, height: bottom + 16, nodes, lanes, edges };
}

// The box around a lane's nodes, with room for the team's name above.
function around(nodes: Map<number, Box>, g: Graph, lane: string): Box {
  const boxes = (g.children(lane) as string[]).flatMap((child) => nodes.get(Number(child)) ?? []);
  const left = Math.min(...boxes.map((box) => box.x)) - 12;
  const top = Math.min(...boxes.map((box) => box.y)) - 26;
  const right = Math.max(...boxes.map((box) => box.x + box.width)) + 12;
  const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + 12;
  return { x: left, y: top, width: right - left, height: bottom - top };
}

// Edges start on the right and end on the left of a node, except for those that lead back.
function joined(points: Point[], from: Box | undefined, to: Box | undefined): Point[] {
  if (!from || !to || from.x + from.width > to.x) return points;
  const start = { x: from.x + from.width, y: from.y + from.height / 2 };
  return [start, ...points.slice(1, -1), { x: to.x, y: to.y + to.height / 2 }];
}

function curve(points: Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x},${first.y}`;
  let before = first;
  for (const point of rest) {
    const half = (before.x + point.x) / 2;
    path += `C${half},${before.y} ${half},${point.y} ${point.x},${point.y}`;
    before = point;
  }
  return path;
}

// How many times the lineage changes teams on its way to a node. Teams that read each other's assets then get
// several boxes each: a single box per team would have to overlap the others.
function stagesOf(graph: LineageGraph, { nodes, edges }: Shown): Map<number, number> {
  const before = new Map<number, number[]>(nodes.map((node) => [node, []]));
  for (const { from, to } of edges) before.get(to)?.push(from);
  const stages = new Map<number, number>();
  const open = new Set<number>();
  const stage = (node: number): number => {
    const known = stages.get(node);
    if (known !== undefined) return known;
    open.add(node);
    const team = graph.node(node).team;
    let found = 0;
    for (const each of before.get(node) ?? []) {
      if (open.has(each)) continue; // a cycle, which no_wait dependencies allow
      found = Math.max(found, stage(each) + (graph.node(each).team === team ? 0 : 1));
    }
    open.delete(node);
    stages.set(node, found);
    return found;
  };
  for (const node of nodes) stage(node);
  return stages;
}
