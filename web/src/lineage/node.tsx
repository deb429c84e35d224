// An asset or a task in the graph, with buttons that show more of its neighbours.
import { teamClass } from "../ui";
import type { Direction, LineageGraph } from "./graph";
import { BESIDE_NAME, type Box, NODE_HEIGHT } from "./layout";
import { cut } from "./text";

interface NodeProps {
  graph: LineageGraph;
  node: number;
  box: Box;
  focus: boolean;
  up: number;
  down: number;
  expand: (node: number, direction: Direction) => void;
  near: (node: number | null) => void;
}

export function Node({ graph, node, box, focus, up, down, expand, near }: NodeProps) {
  const { label, detail, href, team, exposed, isTask } = graph.node(node);
  const room = box.width - BESIDE_NAME + 10;
  const inside = (
    <>
      <title>{`${label}\n${detail}`}</title>
      <rect class="node-box" width={box.width} height={NODE_HEIGHT} rx={isTask ? 22 : 6} />
      {!isTask && <path class="node-team" d={`M6,0H4a4,4 0 0 0 -4,4V${NODE_HEIGHT - 4}a4,4 0 0 0 4,4H6z`} />}
      <text class="node-name" x="16" y={detail ? 19 : 28}>
        {cut(label, exposed ? room - 10 : room, "node")}
      </text>
      {detail && (
        <text class="node-detail" x="16" y="35">
          {cut(detail, room, "detail")}
        </text>
      )}
      {exposed && <circle class="node-exposed" cx={box.width - 12} cy="14" r="3.5" />}
    </>
  );
  return (
    <g
      class={`node ${teamClass(team)}${focus ? " node-focus" : ""}${isTask ? " node-task" : ""}`}
      transform={`translate(${box.x},${box.y})`}
      data-node={node}
      onPointerEnter={() => near(node)}
      onPointerLeave={() => near(null)}
    >
      {href && !focus ? (
        <a href={href} tabindex={-1}>
          {inside}
        </a>
      ) : (
        inside
      )}
      {up > 0 && <Expander many={up} x={0} direction="up" onClick={() => expand(node, "up")} />}
      {down > 0 && <Expander many={down} x={box.width} direction="down" onClick={() => expand(node, "down")} />}
    </g>
  );
}

function Expander({ many, x, direction, onClick }: { many: number; x: number; direction: Direction; onClick: () => void }) {
  const text = many > 999 ? "+999" : `+${many}`;
  const width = 12 + text.length * 7;
  return (
    <g class={`expander expander-${direction}`} transform={`translate(${direction === "up" ? x - width + 6 : x - 6},${NODE_HEIGHT - 4})`} onClick={onClick}>
      <title>{`Show ${many.toLocaleString("en")} more ${direction === "up" ? "upstream" : "downstream"}`}</title>
      <rect y="-9" width={width} height="18" rx="9" />
      <text x={width / 2} y="4" text-anchor="middle">
        {text}
      </text>
    </g>
  );
}
