// Times, counts and kinds of edges in words.
import type { Kind } from "./data";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function count(many: number, one: string, several = `${one}s`): string {
  return `${many.toLocaleString("en")} ${many === 1 ? one : several}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

// Milliseconds of an ISO time, in UTC if it has no offset; NaN if it is not a valid time.
export function instant(text: string | null | undefined): number {
  if (!text) return NaN;
  return Date.parse(/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T") ? text : `${text}Z`);
}

export function day(ms: number): string {
  const date = new Date(ms);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

export function clock(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

export function at(text: string | number | null | undefined): string {
  const ms = typeof text === "number" ? text : instant(text);
  if (Number.isNaN(ms)) return typeof text === "string" ? text : "unknown";
  return `${day(ms)} ${new Date(ms).getUTCFullYear()}, ${clock(ms)} UTC`;
}

// "3 h 20 min"
export function duration(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

export function ago(text: string | null | undefined, now = Date.now()): string {
  const ms = instant(text);
  if (Number.isNaN(ms)) return "";
  if (Math.abs(ms - now) < 30_000) return "just now";
  return ms > now ? `in ${duration(ms - now)}` : `${duration(now - ms)} ago`;
}

export const KIND_WORDS: Record<Kind, { name: string; means: string }> = {
  plain: { name: "same DAG", means: "runs after it, in the same DAG" },
  hard: { name: "hard wait", means: "waits for it, and fails without it" },
  soft: { name: "soft wait", means: "waits for it, then continues without it" },
  no_wait: { name: "no wait", means: "reads it without waiting" },
};

export function kindOf(dependency: string): Kind {
  return dependency === "soft" || dependency === "no_wait" || dependency === "plain" ? dependency : "hard";
}

// A task's name without its groups.
export function shortTask(taskId: string): string {
  return taskId.slice(taskId.lastIndexOf(".") + 1);
}
