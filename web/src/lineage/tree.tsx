// The lineage as a tree: arrow keys move, expand and collapse, Enter opens the asset.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Kind } from "../data";
import { useRegistry } from "../registry";
import { KindBadge, Name, TeamName } from "../ui";
import { count } from "../words";
import type { Direction, LineageGraph } from "./graph";

interface Item {
  key: string;
  parent: string | null;
  level: number;
  place: number; // among its siblings, from 1
  siblings: number;
  open: boolean | null; // null: a leaf
  direction: Direction;
  node: number | null; // null: one of the two roots, or the rest of a long list
  kind: Kind | null;
  text: string;
  again: boolean; // already one of its ancestors: a cycle
}

const AT_ONCE = 25;
const ROOTS: { direction: Direction; text: string }[] = [
  { direction: "up", text: "Upstream: what it reads" },
  { direction: "down", text: "Downstream: what reads it" },
];

export function LineageTree({ graph, focus }: { graph: LineageGraph; focus: number }) {
  const [open, setOpen] = useState<Map<string, number>>(() => new Map([["up", AT_ONCE], ["down", AT_ONCE]]));
  const items = useMemo(() => itemsOf(graph, focus, open), [graph, focus, open]);
  const [current, setCurrent] = useState("up");
  const list = useRef<HTMLUListElement>(null);
  const moved = useRef(false);
  useLayoutEffect(() => {
    if (moved.current) list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
    moved.current = false;
  }, [current, items]);
  const go = (key: string | undefined): void => {
    if (key === undefined) return;
    moved.current = true;
    setCurrent(key);
  };
  const toggle = (item: Item, want?: boolean): void => {
    if (item.open === null || item.open === want) return;
    const changed = new Map(open);
    if (item.node === null && item.level > 1) changed.set(item.parent ?? "", (open.get(item.parent ?? "") ?? 0) + AT_ONCE);
    else if (item.open) changed.delete(item.key);
    else changed.set(item.key, AT_ONCE);
    setOpen(changed);
  };
  const active = items.some((item) => item.key === current) ? current : "up";
  const byKey = (event: KeyboardEvent, item: Item): void => {
    const at = items.indexOf(item);
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(items[at + 1]?.key),
      ArrowUp: () => go(items[at - 1]?.key),
      Home: () => go(items[0]?.key),
      End: () => go(items.at(-1)?.key),
      ArrowRight: () => (item.open ? go(items[at + 1]?.key) : toggle(item, true)),
      ArrowLeft: () => (item.open ? toggle(item, false) : go(item.parent ?? undefined)),
      Enter: () => follow(graph, item) || toggle(item),
      " ": () => toggle(item),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
  };
  return (
    <ul class="tree" role="tree" aria-label="Lineage" ref={list}>
      {items.map((item) => (
        <TreeItem
          key={item.key}
          graph={graph}
          item={item}
          active={item.key === active}
          onClick={() => {
            go(item.key);
            toggle(item);
          }}
          onKeyDown={(event) => byKey(event, item)}
        />
      ))}
    </ul>
  );
}

function follow(graph: LineageGraph, item: Item): boolean {
  const target = item.node === null ? null : graph.node(item.node).href;
  if (target?.startsWith("#")) location.hash = target;
  else if (target) window.open(target, "_blank", "noopener");
  return target !== null;
}

interface TreeItemProps {
  graph: LineageGraph;
  item: Item;
  active: boolean;
  onClick: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function TreeItem({ graph, item, active, onClick, onKeyDown }: TreeItemProps) {
  const registry = useRegistry();
  const node = item.node === null ? null : graph.node(item.node);
  const team = node ? registry.teamName(node.team) : "";
  return (
    <li
      role="treeitem"
      class={`tree-item level-${Math.min(item.level, 12)}`}
      aria-level={item.level}
      aria-posinset={item.place}
      aria-setsize={item.siblings}
      aria-expanded={item.open === null ? undefined : item.open}
      aria-selected={active}
      tabIndex={active ? 0 : -1}
      onKeyDown={onKeyDown}
    >
      <button type="button" class="twist" tabIndex={-1} aria-hidden="true" disabled={item.open === null} onClick={onClick}>
        {item.open !== null && (
          <svg viewBox="0 0 16 16" width="14" height="14" fill="none" stroke="currentColor" stroke-width="2">
            <path d={item.open ? "m4 6 4 4 4-4" : "m6 4 4 4-4 4"} />
          </svg>
        )}
      </button>
      {node && item.kind ? (
        <>
          {node.href ? (
            <a href={node.href} tabIndex={-1} class="strong">
              <Name text={node.label} />
            </a>
          ) : (
            <Name text={node.label} />
          )}
          <span>
            <span class="hidden">team </span>
            <TeamName name={team} link={false} />
          </span>
          <KindBadge kind={item.kind} />
          {item.again && <span class="small muted">shown above</span>}
          {node.isTask && (
            <span class="small muted">
              <Name text={node.detail} />
            </span>
          )}
        </>
      ) : (
        <span class={item.level === 1 ? "strong" : "link-like"} onClick={onClick}>
          {item.text}
        </span>
      )}
    </li>
  );
}

function itemsOf(graph: LineageGraph, focus: number, open: Map<string, number>): Item[] {
  const items: Item[] = [];
  const below = (parent: Item, node: number, above: number[]): void => {
    const { direction, key, level } = parent;
    const all = graph.neighbours(node, direction);
    const many = open.get(key) ?? 0;
    const more = all.length > many;
    const siblings = Math.min(all.length, many) + (more ? 1 : 0);
    all.slice(0, many).forEach((each, i) => {
      const again = above.includes(each.node);
      const own = `${key}/${each.node}`;
      const leaf = again || !graph.neighbours(each.node, direction).length;
      const shown: Item = {
        key: own, parent: key, level: level + 1, place: i + 1, siblings,
        open: leaf ? null : open.has(own), direction, node: each.node, kind: each.kind, text: "", again,
      };
      items.push(shown);
      if (shown.open) below(shown, each.node, [...above, each.node]);
    });
    if (more) {
      items.push({
        key: `${key}/more`, parent: key, level: level + 1, place: siblings, siblings, open: false,
        direction, node: null, kind: null, text: `Show more: ${count(all.length - many, "asset")} not shown`, again: false,
      });
    }
  };
  ROOTS.forEach(({ direction, text }, i) => {
    const many = graph.neighbours(focus, direction).length;
    const root: Item = {
      key: direction, parent: null, level: 1, place: i + 1, siblings: 2, open: many ? open.has(direction) : null,
      direction, node: null, kind: null, text: `${text} (${many ? many.toLocaleString("en") : "nothing"})`, again: false,
    };
    items.push(root);
    if (root.open) below(root, focus, [focus]);
  });
  return items;
}
