// The lineage as a graph that can be moved, zoomed and expanded.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useRegistry } from "../registry";
import { teamClass } from "../ui";
import { count } from "../words";
import type { Direction, LineageGraph } from "./graph";
import { type Box, type Layout, laidOut } from "./layout";
import { Node } from "./node";
import { PanZoom } from "./panzoom";
import { Pause } from "./pause";
import { MOST_NODES, type Selection, expanded, hidden, oneLevelFurther, selectionAt, shown } from "./selection";
import { cut } from "./text";

export function GraphView({ graph, focus }: { graph: LineageGraph; focus: number }) {
  const first = useMemo(() => selectionAt(graph, focus, (part) => fits(laidOut(graph, part))), [graph, focus]);
  const [selection, setSelection] = useState<Selection>(first);
  const [large, setLarge] = useState(false);
  const part = useMemo(() => shown(graph, selection), [graph, selection]);
  const layout = useMemo(() => laidOut(graph, part), [graph, part]);
  const anchor = useRef<{ node: number; box: Box } | null>(null);
  const frame = useRef<SVGSVGElement>(null);
  const panZoom = useMoving(frame, layout, focus, anchor, large);
  const expand = (node: number, direction: Direction): void => {
    const box = layout.nodes.get(node);
    anchor.current = box ? { node, box } : null;
    setSelection(expanded(selection, node, direction));
  };
  const further = (): void => {
    const box = layout.nodes.get(focus);
    anchor.current = box ? { node: focus, box } : null;
    setSelection(oneLevelFurther(graph, selection));
  };
  const fit = (): void => fitAll(panZoom.current, frame.current, layout, focus, 0);
  return (
    <div class={large ? "graph graph-large" : "graph"} onKeyDown={(event) => event.key === "Escape" && setLarge(false)}>
      <div class="graph-tools" role="toolbar" aria-label="Graph">
        <button type="button" class="button" onClick={further}>
          Expand one level
        </button>
        <button type="button" class="button" disabled={selection === first} onClick={() => setSelection(first)}>
          Reset
        </button>
        <span class="gap" />
        <button type="button" class="icon-button" aria-label="Zoom out" onClick={() => panZoom.current?.zoomBy(0.8)}>
          −
        </button>
        <button type="button" class="icon-button" aria-label="Zoom in" onClick={() => panZoom.current?.zoomBy(1.25)}>
          +
        </button>
        <button type="button" class="button" onClick={fit}>
          Fit
        </button>
        <button type="button" class="button" aria-pressed={large} onClick={() => setLarge(!large)}>
          {large ? "Close" : "Full screen"}
        </button>
      </div>
      <Picture graph={graph} focus={focus} layout={layout} frame={frame} expand={expand} onKey={(event) => byKey(event, panZoom.current, fit)} />
      <p class="hint small muted" role="status">
        {count(part.nodes.length, "node")} shown{part.nodes.length >= MOST_NODES && ", the maximum"}. Drag to move, Ctrl and wheel to zoom; the tree shows the same data.
      </p>
    </div>
  );
}

function byKey(event: KeyboardEvent, panZoom: PanZoom | null, fit: () => void): void {
  const step = 60;
  const moves: Record<string, () => void> = {
    ArrowLeft: () => panZoom?.move(step, 0),
    ArrowRight: () => panZoom?.move(-step, 0),
    ArrowUp: () => panZoom?.move(0, step),
    ArrowDown: () => panZoom?.move(0, -step),
    "+": () => panZoom?.zoomBy(1.25),
    "-": () => panZoom?.zoomBy(0.8),
    "0": fit,
  };
  const move = moves[event.key];
  if (!move || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  move();
}

// Moves with the pointer; after an expansion the node that was expanded stays where it was on the screen.
function useMoving(
  frame: { current: SVGSVGElement | null },
  layout: Layout,
  focus: number,
  anchor: { current: { node: number; box: Box } | null },
  large: boolean,
): { current: PanZoom | null } {
  const panZoom = useRef<PanZoom | null>(null);
  useEffect(() => () => panZoom.current?.end(), []);
  useLayoutEffect(() => {
    const content = frame.current?.querySelector<SVGGElement>(".graph-content");
    if (!frame.current || !content) return;
    panZoom.current ??= new PanZoom(frame.current, content);
    const now = anchor.current && layout.nodes.get(anchor.current.node);
    if (!anchor.current || !now) return fitAll(panZoom.current, frame.current, layout, focus, READABLE);
    const { zoom } = panZoom.current.view;
    panZoom.current.move((anchor.current.box.x - now.x) * zoom, (anchor.current.box.y - now.y) * zoom);
    anchor.current = null;
  }, [layout, large]);
  return panZoom;
}

const READABLE = 0.72; // no smaller by itself

function fits(layout: Layout): boolean {
  const room = document.querySelector("main")?.clientWidth ?? window.innerWidth;
  return layout.width * READABLE < room - 60;
}

function fitAll(panZoom: PanZoom | null, frame: SVGSVGElement | null, layout: Layout, focus: number, least: number): void {
  const box = layout.nodes.get(focus);
  if (!panZoom || !frame || !box) return;
  const { width, height } = frame.getBoundingClientRect();
  const zoom = Math.min(1, Math.max(least, Math.min(width / layout.width, height / layout.height)));
  const place = (all: number, room: number, middle: number): number =>
    all * zoom <= room ? (room - all * zoom) / 2 : Math.min(0, Math.max(room - all * zoom, room / 2 - middle * zoom));
  panZoom.show({
    zoom,
    x: place(layout.width, width, box.x + box.width / 2),
    y: place(layout.height, height, box.y + box.height / 2),
  });
}

interface PictureProps {
  graph: LineageGraph;
  focus: number;
  layout: Layout;
  frame: { current: SVGSVGElement | null };
  expand: (node: number, direction: Direction) => void;
  onKey: (event: KeyboardEvent) => void;
}

function Picture({ graph, focus, layout, frame, expand, onKey }: PictureProps) {
  const registry = useRegistry();
  const nodes = new Set(layout.nodes.keys());
  const [near, setNear] = useState<number | null>(null); // the node under the pointer
  const height = Math.min(560, Math.max(240, layout.height));
  return (
    <div class="graph-frame" tabIndex={0} role="group" aria-label="Lineage graph: use the arrow keys to pan, and plus and minus to zoom" onKeyDown={onKey}>
      <svg ref={frame} height={height} aria-hidden="true">
        <defs>
          {["plain", "hard", "soft", "no_wait"].map((kind) => (
            <marker id={`arrow-${kind}`} class={`arrow-${kind}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
              <path d="M0,0.5L8,4L0,7.5z" />
            </marker>
          ))}
        </defs>
        <g class="graph-content">
          {layout.lanes.map(({ key, team, box }) => (
            <g key={key} class={`lane ${teamClass(team)}`}>
              <rect x={box.x} y={box.y} width={box.width} height={box.height} rx="8" />
              <text x={box.x + 12} y={box.y + 17}>
                {cut(registry.teamName(team), box.width - 24, "lane")}
              </text>
            </g>
          ))}
          {layout.edges.map(({ key, from, to, kind, path, middle }) => (
            <g key={key} class={near === null || near === from || near === to ? "" : "faint"}>
              <path class={`edge edge-${kind}`} d={path} marker-end={`url(#arrow-${kind})`} />
              {(kind === "hard" || kind === "soft") && <Pause x={middle.x} y={middle.y} kind={kind} />}
            </g>
          ))}
          {[...layout.nodes].map(([node, box]) => (
            <Node
              key={node}
              graph={graph}
              node={node}
              box={box}
              focus={node === focus}
              up={hidden(graph, nodes, node, "up")}
              down={hidden(graph, nodes, node, "down")}
              expand={expand}
              near={setNear}
            />
          ))}
        </g>
      </svg>
    </div>
  );
}
