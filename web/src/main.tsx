// The application: its frame, and the page that the address asks for.
import { render } from "preact";
import { useMemo, useState } from "preact/hooks";
import "./styles/app.css";
import type { Index } from "./data";
import { DOCUMENTS, LIVE, useDocument } from "./documents";
import { AssetPage } from "./pages/asset";
import { AssetsPage } from "./pages/assets";
import { TeamPage } from "./pages/team";
import { TeamsPage } from "./pages/teams";
import { TimelinePage } from "./pages/timeline";
import { WhyPage } from "./pages/why";
import { Registry, RegistryContext, useRegistry } from "./registry";
import { hrefs, type Route, rememberScrolling, useRoute } from "./route";
import { THEMES, type Theme, chooseTheme, chosenTheme, showTheme } from "./theme";
import { AsOf, Given, Guard, Heading, Name } from "./ui";
import { count } from "./words";

function App() {
  const route = useRoute();
  const loaded = useDocument<Index>(DOCUMENTS.index);
  const registry = useMemo(() => (loaded.state === "there" ? new Registry(loaded.value) : null), [loaded]);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to content
      </a>
      <Top route={route} generated={registry?.index.generated_at} history={registry?.index.history_at} />
      <main id="main" tabIndex={-1}>
        {registry ? (
          <RegistryContext.Provider value={registry}>
            <Problems />
            <Guard what="This page" key={route.path.join("/")}>
              <Page route={route} />
            </Guard>
          </RegistryContext.Provider>
        ) : (
          <Given loaded={loaded} what="the registry">
            {() => null}
          </Given>
        )}
      </main>
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault(); // the hash is the address of the page
  document.querySelector<HTMLElement>("#main")?.focus();
}

function Page({ route }: { route: Route }) {
  const [page, ...names] = route.path;
  const [first = "", second = ""] = names;
  if (page === undefined) return <AssetsPage query={route.query} />;
  if (page === "assets" && names.length === 2) return <AssetPage team={first} asset={second} />;
  if (page === "teams" && names.length === 0) return <TeamsPage />;
  if (page === "teams" && names.length === 1) return <TeamPage name={first} />;
  if (page === "timeline" && names.length === 0) return <TimelinePage query={route.query} />;
  if (page === "why" && names.length <= 2) return <WhyPage dag={first} task={second} run={route.query["run"] ?? ""} />;
  return (
    <Heading title="No such page">
      <p>
        There is no page at this address. <a href={hrefs.assets()}>All assets</a>
      </p>
    </Heading>
  );
}

function Top({ route, generated, history }: { route: Route; generated: string | undefined; history: string | null | undefined }) {
  const page = route.path[0] ?? "assets";
  const links = [
    ["assets", "Assets", hrefs.assets()],
    ["teams", "Teams", hrefs.teams()],
    ["timeline", "Timeline", hrefs.timeline()],
    ["why", "Why?", "#/why"],
  ] as const;
  return (
    <header class="top">
      <a class="brand" href={hrefs.assets()}>
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
          <path d="M6 6h6v12h6" fill="none" stroke="currentColor" stroke-width="2" />
          <circle cx="6" cy="6" r="3.5" class="brand-a" />
          <circle cx="18" cy="18" r="3.5" class="brand-b" />
        </svg>
        <span>Registry</span>
      </a>
      <nav aria-label="Pages">
        {links.map(([name, title, target]) => (
          <a href={target} aria-current={page === name ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <div class="top-end">
        {generated && <span class="as-of">{LIVE ? "live" : <Age registry={generated} history={history} />}</span>}
        <ThemeSwitch />
      </div>
    </header>
  );
}

// A history may be much older than the site that it was put into.
function Age({ registry, history }: { registry: string; history: string | null | undefined }) {
  return (
    <>
      <AsOf what="registry" time={registry} />
      {history && <AsOf what="history" time={history} />}
    </>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const change = (): void => {
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <button type="button" class="icon-button theme" onClick={change} aria-label={`Color theme: ${theme}. Switch to ${next}`} title={`Color theme: ${theme}`}>
      <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round">
        {theme === "light" && (
          <>
            <circle cx="12" cy="12" r="4" />
            <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4" />
          </>
        )}
        {theme === "dark" && <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" stroke-linejoin="round" />}
        {theme === "system" && (
          <>
            <circle cx="12" cy="12" r="8" />
            <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" stroke="none" />
          </>
        )}
      </svg>
    </button>
  );
}

// Entries that could not be read when this was made.
function Problems() {
  const { problems } = useRegistry().index;
  if (!problems.length) return null;
  return (
    <details class="notice problems">
      <summary>
        <strong>{count(problems.length, "problem")}</strong>: some data is missing from these pages
      </summary>
      <ul>
        {problems.map((problem) => (
          <li>
            <Name text={problem} />
          </li>
        ))}
      </ul>
    </details>
  );
}

showTheme(chosenTheme());
window.addEventListener("storage", () => showTheme(chosenTheme())); // chosen in another tab, or in Airflow around this
rememberScrolling();
const root = document.getElementById("app");
if (root) render(<App />, root);
