// Fetches documents: by script tags in a static site, which work from a file too, and over HTTP inside Airflow.
import { useEffect, useState } from "preact/hooks";

export const LIVE = document.documentElement.dataset["source"] === "live";

export type Loaded<T> =
  | { state: "loading" }
  | { state: "there"; value: T }
  | { state: "missing" | "damaged" | "refused"; text: string };

const FORMAT_VERSION = 1;
const TIMEOUT_MS = 30_000;
const LOADING: Loaded<never> = { state: "loading" };

class DocumentError extends Error {
  constructor(
    readonly kind: "missing" | "damaged" | "refused",
    message: string,
  ) {
    super(message);
  }
}

const received = new Map<string, (text: string) => void>();
const requested = new Map<string, Promise<unknown>>();

declare global {
  interface Window {
    dbtScheduler: { receive(name: string, text: string): void };
  }
}

window.dbtScheduler = { receive: (name, text) => received.get(name)?.(text) };

// Where the documents that belong to the index are: a site that is written anew has them in another folder.
let folder = "";

function folderOf({ folder: name }: { folder?: unknown }): string {
  return typeof name === "string" && /^\w+$/.test(name) ? `${name}/` : "";
}

export type Shape = Record<string, "array" | "string" | "object">;

// What a page gives to `useDocument`: a name, and the fields without which the document is damaged.
export interface DocumentKind {
  name: string;
  shape: Shape;
  fresh?: boolean; // asked for anew each time
}

export const DOCUMENTS = {
  index: { name: "index", shape: { teams: "array", assets: "object", readiness: "array", pipelines: "array" } },
  edges: { name: "edges", shape: { from: "array", to: "array", kind: "array", tasks: "array" } },
  history: { name: "history", shape: { since: "string", until: "string", runs: "array", landings: "array", waits: "array" } },
  findings: { name: "findings", shape: { findings: "array" } },
  now: { name: "now", shape: { waits: "array" }, fresh: true },
} satisfies Record<string, DocumentKind>;

export function teamDocument(place: number): DocumentKind {
  return { name: `teams/${place}`, shape: { name: "string", pipelines: "array", assets: "object", reads: "array" } };
}

// Places of assets in the index, of which the server takes so many at once.
export const MOST_ASSETS = 100;

export function assetsDocument(name: "landings" | "slo", places: number[]): DocumentKind {
  return { name: `${name}?${places.map((place) => `assets=${place}`).join("&")}`, shape: { [name]: "array" }, fresh: true };
}

export function liveDocument(name: "why" | "waiting", query: Record<string, string>): DocumentKind {
  const parts = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  const shape: Shape = name === "why" ? { dag_id: "string", because: "array" } : { waiting: "array", later: "array", waited: "array" };
  return { name: `${name}?${parts.join("&")}`, shape, fresh: true };
}

// The document, as soon as it is there; null asks for none. `turn` is counted up to ask again.
export function useDocument<T>(kind: DocumentKind | null, turn = 0): Loaded<T> {
  const name = kind?.name ?? "";
  const [loaded, setLoaded] = useState<{ name: string; value: Loaded<T> }>({ name, value: LOADING });
  useEffect(() => {
    if (!kind) return undefined;
    let wanted = true;
    const show = (value: Loaded<T>) => wanted && setLoaded({ name, value });
    if (kind.fresh) requested.delete(name);
    load(kind).then(
      (value) => show({ state: "there", value: value as T }),
      (error: unknown) => show(failure(error)),
    );
    return () => {
      wanted = false;
    };
  }, [name, turn]);
  return kind && loaded.name === name ? loaded.value : LOADING;
}

function failure(error: unknown): Loaded<never> {
  if (error instanceof DocumentError) return { state: error.kind, text: error.message };
  return { state: "damaged", text: "it has an unexpected format" };
}

// The document, asked for once. Rejected with what is the matter with it.
export async function ask<T>(kind: DocumentKind): Promise<T> {
  if (kind.fresh) requested.delete(kind.name);
  return (await load(kind)) as T;
}

function load(kind: DocumentKind): Promise<unknown> {
  const known = requested.get(kind.name);
  if (known) return known;
  const promise = (LIVE ? overHttp(kind.name) : byScript(kind.name)).then((text) => {
    const value = parsed(text, kind.shape);
    const version = (value as { format_version?: unknown }).format_version;
    if (version !== undefined && version !== FORMAT_VERSION) throw new DocumentError("damaged", "it was written for a different version of these pages: reload them");
    if (kind === DOCUMENTS.index) folder = folderOf(value as { folder?: unknown });
    return value;
  });
  requested.set(kind.name, promise);
  promise.catch(() => requested.delete(kind.name)); // the next page may ask again
  return promise;
}

function parsed(text: string, shape: Shape): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DocumentError("damaged", "it is not JSON");
  }
  if (typeof value !== "object" || value === null) throw new DocumentError("damaged", "it is not a JSON object");
  for (const [key, type] of Object.entries(shape)) {
    const field = (value as Record<string, unknown>)[key];
    const is = Array.isArray(field) ? "array" : field === null ? "null" : typeof field;
    if (is !== type) throw new DocumentError("damaged", `it has no ${key}`);
  }
  return value;
}

// Documents that count teams and assets as the index does: the server says so if it counts otherwise by now.
function address(name: string): string {
  const counted = /^(edges$|teams\/|landings\?|slo\?)/.test(name);
  return counted ? `data/${name}${name.includes("?") ? "&" : "?"}of=${folder.replace("/", "")}` : `data/${name}`;
}

async function overHttp(name: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(address(name), {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    throw new DocumentError("missing", late ? `no response within ${TIMEOUT_MS / 1000} s` : "the server cannot be reached");
  }
  if (response.ok) return response.text();
  const said = await detail(response);
  // Airflow's answer to a login that has expired, and to one that it does not know.
  if (response.status === 401 || said === "Invalid JWT token") throw new DocumentError("refused", "your Airflow session has expired: reload the page to log in");
  if (response.status === 403) throw new DocumentError("refused", "you do not have permission to view this: ask your Airflow administrator");
  throw new DocumentError("missing", said || `the server returned ${response.status}`);
}

// What FastAPI says of an error: {"detail": "…"}.
async function detail(response: Response): Promise<string> {
  try {
    const answer: unknown = await response.json();
    const text = (answer as { detail?: unknown }).detail;
    return typeof text === "string" ? text : "";
  } catch {
    return "";
  }
}

function byScript(name: string): Promise<string> {
  const path = `data/${name === "index" ? "" : folder}${name}.js`;
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const done = (): void => {
      clearTimeout(timer);
      received.delete(name);
      script.remove();
    };
    const fail = (kind: "missing" | "damaged", text: string): void => {
      done();
      reject(new DocumentError(kind, text));
    };
    const timer = setTimeout(() => fail("missing", `no response within ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
    received.set(name, (text) => {
      done();
      resolve(text);
    });
    script.src = path;
    script.onerror = () => fail("missing", `${path} not found`);
    script.onload = () => fail("damaged", `${path} is corrupted`); // it ran and gave nothing
    document.head.append(script);
  });
}
