// Hash routes: parsing, writing and following them, with the usual focus and scroll position.
import { useEffect, useState } from "preact/hooks";

export interface Route {
  path: string[]; // decoded
  query: Record<string, string>;
}

type Query = Record<string, string | null | undefined>;

export function href(path: string[], query: Query = {}): string {
  const parts = Object.entries(query).flatMap(([key, value]) => (value ? [`${key}=${encode(value)}`] : []));
  return `#/${path.map(encode).join("/")}${parts.length ? `?${parts.join("&")}` : ""}`;
}

export const hrefs = {
  assets: (query: Query = {}) => href([], query),
  asset: (team: string, asset: string) => href(["assets", team, asset]),
  teams: () => href(["teams"]),
  team: (team: string) => href(["teams", team]),
  timeline: (query: Query = {}) => href(["timeline"], query),
  why: (dag: string, task: string, run?: string | null) => href(["why", dag, ...(task ? [task] : [])], { run }),
};

export function parse(hash: string): Route {
  const text = hash.replace(/^#?\/?/, "");
  const mark = text.indexOf("?");
  const [before, after] = mark < 0 ? [text, ""] : [text.slice(0, mark), text.slice(mark + 1)];
  const query: Record<string, string> = {};
  for (const part of after.split("&")) {
    const equals = part.indexOf("=");
    if (equals > 0) query[decode(part.slice(0, equals))] = decode(part.slice(equals + 1));
  }
  return { path: before ? before.split("/").map(decode) : [], query };
}

// A lone surrogate, which no URL can have, becomes U+FFFD.
function encode(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd"));
}

// A run id in a link may be unencoded, with a "+" and possibly a "%".
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const listeners = new Set<() => void>();

// Change the query of this page; adds an entry to the browser's history only with "push".
export function changeQuery(query: Query, step: "replace" | "push" = "replace"): void {
  const target = href(parse(location.hash).path, query);
  if (target === location.hash) return;
  history[step === "push" ? "pushState" : "replaceState"](history.state, "", target);
  for (const listener of listeners) listener();
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(parse(location.hash));
    listeners.add(follow);
    window.addEventListener("hashchange", follow);
    return () => {
      listeners.delete(follow);
      window.removeEventListener("hashchange", follow);
    };
  }, []);
  return route;
}

let shown: string | null = null;

// Sets the title of a page, and focuses its heading on navigation, so that screen readers announce it.
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Registry` : "Registry";
    const page = parse(location.hash).path.join("/");
    if (shown !== null && shown !== page) {
      const heading = document.querySelector<HTMLElement>("h1");
      heading?.focus({ preventScroll: true });
    }
    shown = page;
  }, [title]);
}

// The scroll positions of the pages in the history; the browser restores them before a page has loaded.
const scrolled = new Map<string, number>();
let here = location.hash;
let stepping = false; // back or forward, not a link

export function rememberScrolling(): void {
  history.scrollRestoration = "manual";
  window.addEventListener("scroll", () => scrolled.set(here, window.scrollY), { passive: true });
  window.addEventListener("click", () => (stepping = false), { capture: true });
  window.addEventListener("popstate", () => (stepping = true));
  window.addEventListener("hashchange", () => {
    const from = parse(here).path.join("/");
    here = location.hash;
    if (from === parse(here).path.join("/")) return;
    restore(stepping ? (scrolled.get(here) ?? 0) : 0);
    stepping = false;
  });
}

function restore(top: number, turns = 20): void {
  window.scrollTo(0, top);
  if (turns > 0 && Math.abs(window.scrollY - top) > 1) requestAnimationFrame(() => restore(top, turns - 1));
}
