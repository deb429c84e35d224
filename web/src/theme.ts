// Light or dark theme: the system's, or the user's choice here, or else inside Airflow the user's choice there.
import { LIVE } from "./documents";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "dbt-scheduler-theme";
const AIRFLOWS_KEY = "theme";

export function chosenTheme(): Theme {
  const own = read(KEY);
  if (own) return own;
  return (LIVE && read(AIRFLOWS_KEY)) || "system";
}

export function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function chooseTheme(theme: Theme): void {
  showTheme(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // without storage, the choice is not remembered
  }
}

function read(key: string): Theme | null {
  try {
    const value = localStorage.getItem(key);
    return THEMES.find((theme) => theme === value) ?? null;
  } catch {
    return null;
  }
}
