// All teams, with the numbers of their assets, the teams that they read from, and their readers.
import { useRegistry } from "../registry";
import { hrefs } from "../route";
import { LongTable } from "../table";
import { Contact, Empty, Heading, TeamName } from "../ui";

export function TeamsPage() {
  const { index } = useRegistry();
  const { assets, teams } = index;
  const tallies = teams.map(() => ({ assets: 0, exposed: 0, readers: new Set<number>(), reads: new Set<number>() }));
  assets.name.forEach((_, i) => {
    const owner = assets.team[i] ?? -1;
    const tally = tallies[owner];
    if (!tally) return;
    tally.assets += 1;
    tally.exposed += assets.exposed[i] ?? 0;
    for (const reader of assets.readers[i] ?? []) {
      tally.readers.add(reader);
      tallies[reader]?.reads.add(owner);
    }
  });
  const sorted = teams.map((_, place) => place).sort((a, b) => (teams[a]?.name ?? "").localeCompare(teams[b]?.name ?? ""));
  return (
    <>
      <Heading title="Teams" />
      {sorted.length ? (
        <LongTable
          label="Teams"
          columns={["Team", "Contact", "Assets", "Exposed", "Reads from", "Read by"]}
          rows={sorted.map((place) => {
            const team = teams[place];
            const tally = tallies[place];
            if (!team || !tally) return [];
            return [
              <>
                <TeamName name={team.name} /> {team.external && <span class="badge badge-quiet">external</span>}
              </>,
              <Contact channel={team.channel} tag={team.tag} />,
              <a href={hrefs.assets({ team: team.name })}>{tally.assets.toLocaleString("en")}</a>,
              <a href={hrefs.assets({ team: team.name, exposed: "1" })}>{tally.exposed.toLocaleString("en")}</a>,
              <Names places={tally.reads} />,
              <Names places={tally.readers} />,
            ];
          })}
        />
      ) : (
        <Empty title="The registry has no teams yet">
          A team appears after its first <code>dbt-scheduler publish</code>.
        </Empty>
      )}
    </>
  );
}

const NAMED = 4;

function Names({ places }: { places: Set<number> }) {
  const registry = useRegistry();
  const names = [...places].map((place) => registry.teamName(place)).sort((a, b) => a.localeCompare(b));
  if (!names.length) return <span class="muted">no team</span>;
  return (
    <span class="names">
      {names.slice(0, NAMED).map((name) => (
        <TeamName name={name} />
      ))}
      {names.length > NAMED && (
        <span class="muted" title={names.slice(NAMED).join(", ")}>
          and {names.length - NAMED} more
        </span>
      )}
    </span>
  );
}
