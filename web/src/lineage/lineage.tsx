// The lineage of an asset: as a graph, and as a tree for keyboards and screen readers.
import { useMemo, useState } from "preact/hooks";
import { type Edges, KINDS } from "../data";
import { DOCUMENTS, useDocument } from "../documents";
import { useRegistry } from "../registry";
import { Empty, Given, Guard } from "../ui";
import { KIND_WORDS } from "../words";
import { LineageGraph } from "./graph";
import { Pause } from "./pause";
import { LineageTree } from "./tree";
import { GraphView } from "./view";

export function Lineage({ place }: { place: number }) {
  const loaded = useDocument<Edges>(DOCUMENTS.edges);
  return (
    <section class="section lineage">
      <Given loaded={loaded} what="the lineage">
        {(edges) => (
          <Guard what="The lineage">
            <Views edges={edges} place={place} />
          </Guard>
        )}
      </Given>
    </section>
  );
}

let last: LineageGraph | null = null;
let lastEdges: Edges | null = null;

function Views({ edges, place }: { edges: Edges; place: number }) {
  const registry = useRegistry();
  const [tree, setTree] = useState(false);
  const graph = useMemo(() => {
    if (!last || lastEdges !== edges) last = new LineageGraph(registry, (lastEdges = edges));
    return last;
  }, [registry, edges]);
  const alone = !graph.neighbours(place, "up").length && !graph.neighbours(place, "down").length;
  return (
    <>
      <div class="section-head">
        <h2>Lineage</h2>
        {!alone && (
          <div class="switch" role="group" aria-label="Show the lineage as">
            <button type="button" aria-pressed={!tree} onClick={() => setTree(false)}>
              Graph
            </button>
            <button type="button" aria-pressed={tree} onClick={() => setTree(true)}>
              Tree
            </button>
          </div>
        )}
      </div>
      {alone ? (
        <Empty title="Nothing upstream or downstream">It reads no other asset, and no task reads it.</Empty>
      ) : tree ? (
        <LineageTree key={place} graph={graph} focus={place} />
      ) : (
        <GraphView key={place} graph={graph} focus={place} />
      )}
      {!alone && <Legend />}
    </>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-label="Kinds of edges">
      {KINDS.map((kind) => (
        <li>
          <svg width="34" height="12" aria-hidden="true">
            <path class={`edge edge-${kind}`} d="M1,6H33" />
            {(kind === "hard" || kind === "soft") && <Pause x={17} y={6} kind={kind} />}
          </svg>
          <strong>{KIND_WORDS[kind].name}</strong> <span class="muted">{KIND_WORDS[kind].means}</span>
        </li>
      ))}
      <li>
        <svg width="14" height="12" aria-hidden="true">
          <circle class="node-exposed" cx="7" cy="6" r="3.5" />
        </svg>
        <strong>exposed</strong> <span class="muted">other teams may depend on it</span>
      </li>
    </ul>
  );
}
