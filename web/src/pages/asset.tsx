// One asset: what it is, whose, when it is ready, who reads it, and its lineage across teams.
import type { Asset, Consumer, History, Landing, Landings, Team } from "../data";
import { Columns } from "../assets/columns";
import { assetsDocument, DOCUMENTS, LIVE, teamDocument, useDocument } from "../documents";
import { Lineage } from "../lineage/lineage";
import { useRegistry } from "../registry";
import { hrefs } from "../route";
import { LongTable, Table } from "../table";
import { Contact, Empty, Given, Guard, Heading, KindBadge, Missing, Name, noTeam, Section, Tags, Task, TeamName, whyNoTeam } from "../ui";
import { at, count, duration, instant, kindOf } from "../words";

export function AssetPage({ team, asset }: { team: string; asset: string }) {
  const registry = useRegistry();
  const teamPlace = registry.teamPlace(team);
  const place = registry.assetPlace(team, asset);
  const loaded = useDocument<Team>(teamPlace === undefined ? null : teamDocument(teamPlace));
  const kicker = (
    <>
      <a href={hrefs.assets()}>Assets</a>
      <span aria-hidden="true"> / </span>
      <TeamName name={team} />
    </>
  );
  if (teamPlace === undefined) {
    return (
      <Heading title={asset} kicker={kicker}>
        <Empty title={noTeam()}>
          {whyNoTeam()} <a href={hrefs.assets({ q: asset })}>Search for the asset</a>
        </Empty>
      </Heading>
    );
  }
  return (
    <>
      <Heading title={asset} kicker={kicker} />
      <Given loaded={loaded} what="the team's document">
        {(document) => {
          const found = Object.hasOwn(document.assets, asset) ? document.assets[asset] : undefined;
          return found ? (
            <>
              <Guard what="The details">
                <Facts team={document} asset={found} />
              </Guard>
              <Guard what="When it is ready">
                <Promises team={team} name={asset} asset={found} />
              </Guard>
            </>
          ) : (
            <Gone name={asset} team={team} />
          );
        }}
      </Given>
      {place !== undefined && <Lineage place={place} />}
      {loaded.state === "there" && Object.hasOwn(loaded.value.assets, asset) && <Details team={team} asset={loaded.value.assets[asset]} />}
    </>
  );
}

function Gone({ name, team }: { name: string; team: string }) {
  return (
    <Empty title={LIVE ? "Asset not found, or you do not have permission to view it" : "The team has no asset with this name"}>
      It may have been renamed{LIVE && ", or you do not have permission to read its DAG in Airflow"}. <a href={hrefs.assets({ team })}>All of the team's assets</a> or{" "}
      <a href={hrefs.assets({ q: name })}>search for the name</a>
    </Empty>
  );
}

function Facts({ team, asset }: { team: Team; asset: Asset }) {
  return (
    <>
      <div class="lead">
        {asset.description ? (
          <p class="description">
            <Name text={asset.description} />
          </p>
        ) : (
          <p class="muted">No description.</p>
        )}
        <p class="badges">
          {asset.exposed ? <span class="badge">exposed</span> : <span class="badge badge-quiet">not exposed</span>}
          {asset.latest_of && (
            <span class="badge badge-quiet">
              latest version of <Name text={asset.latest_of} />
            </span>
          )}
          {team.external && <span class="badge badge-quiet">external</span>}
          <Tags tags={asset.tags} />
        </p>
      </div>
      <dl class="facts">
        <div>
          <dt>Contact</dt>
          <dd>
            <Contact channel={team.channel} tag={team.tag} />
          </dd>
        </div>
        {asset.owners.length > 0 && (
          <div>
            <dt>{asset.owners.length === 1 ? "Owner" : "Owners"}</dt>
            <dd>
              <Tags tags={asset.owners} label="owner" />
            </dd>
          </div>
        )}
        <div>
          <dt>Producer task</dt>
          <dd class="stack">
            {asset.promises.length ? (
              asset.promises.map((promise) => (
                <span>
                  <Task dag={promise.dag_id} task={asset.task_id} /> {LIVE && <a href={hrefs.why(promise.dag_id, asset.task_id)}>Why?</a>}
                </span>
              ))
            ) : (
              <span class="mono">
                <Name text={asset.task_id} />
              </span>
            )}
          </dd>
        </div>
        {asset.relation && (
          <div>
            <dt>Relation</dt>
            <dd class="mono">
              <Name text={asset.relation} />
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}

function Promises({ team, name, asset }: { team: string; name: string; asset: Asset }) {
  const registry = useRegistry();
  const place = registry.assetPlace(team, name);
  const live = LIVE && place !== undefined && asset.exposed ? assetsDocument("landings", [place]) : null;
  const history = useDocument<History | Landings>(LIVE ? live : registry.has("history") ? DOCUMENTS.history : null);
  const known = history.state === "there" ? history.value : null;
  const landings = known?.landings.filter((each) => each.team === team && each.asset === name) ?? [];
  return (
    <Section title="When it is ready">
      {LIVE && <Missing of={known?.missing} />}
      {asset.promises.length ? (
        <Table
          label="When it is ready"
          columns={["Pipeline", "When", "SLO", ...(landings.length ? ["Last runs"] : [])]}
          rows={asset.promises.map((promise) => [
            <Name text={promise.pipeline} />,
            <Name text={promise.ready || "no schedule"} />,
            promise.slo_seconds === null ? <span class="muted">none</span> : `${duration(promise.slo_seconds * 1000)} after the run is due`,
            ...(landings.length ? [<LastRuns landings={landings.filter((each) => each.dag_id === promise.dag_id)} />] : []),
          ])}
        />
      ) : (
        <Empty title="No pipeline builds it">No DAG in the registry refreshes it.</Empty>
      )}
    </Section>
  );
}

// The last runs as small marks, the newest at the right, and in words.
function LastRuns({ landings }: { landings: Landing[] }) {
  const last = landings.sort((a, b) => instant(a.period_start) - instant(b.period_start)).slice(-30);
  if (!last.length) return <span class="muted">no data</span>;
  const decided = last.filter((each) => each.met !== null);
  const met = decided.filter((each) => each.met).length;
  return (
    <span class="landings">
      <span class="marks" aria-hidden="true">
        {last.map((each) => (
          <span class={`mark mark-${each.met === null ? "open" : each.met ? "met" : "missed"}`} title={landingTitle(each)} />
        ))}
      </span>
      <span class={met < decided.length ? "bad" : "muted"}>{decided.length ? `${met} of ${decided.length} met` : "no SLO"}</span>
    </span>
  );
}

function landingTitle({ period_start, due, landed }: Landing): string {
  return `${at(period_start)}: ${landed ? `landed ${at(landed)}` : "has not landed"}${due ? `, SLO ${at(due)}` : ""}`;
}

function Details({ team, asset }: { team: string; asset: Asset | undefined }) {
  if (!asset) return null;
  return (
    <>
      <Guard what="The consumers">
        <Consumers consumers={asset.consumers} />
      </Guard>
      <Guard what="The columns">
        <Columns team={team} columns={asset.columns} consumers={asset.consumers} />
      </Guard>
    </>
  );
}

function Consumers({ consumers }: { consumers: Consumer[] }) {
  const teams = [...new Set(consumers.map((consumer) => consumer.team))];
  return (
    <Section title="Read by" aside={teams.length ? <span class="muted">{`${count(consumers.length, "task")} of ${count(teams.length, "team")}`}</span> : null}>
      {teams.length ? (
        <div class="by-team">
          {teams.map((team) => {
            const own = consumers.filter((consumer) => consumer.team === team);
            return (
              <div class="card">
                <h3>
                  <TeamName name={team} />
                  <Contact channel={own[0]?.channel ?? null} />
                </h3>
                <LongTable
                  label={`Tasks of ${team}`}
                  columns={["Task", "Dependency", "Producer pipeline"]}
                  rows={own.map((consumer) => [
                    <Task dag={consumer.dag_id} task={consumer.task_id} />,
                    <KindBadge kind={kindOf(consumer.dependency)} />,
                    <Name text={consumer.producer_pipeline} />,
                  ])}
                />
              </div>
            );
          })}
        </div>
      ) : (
        <Empty title="No other team reads it">Changes to it do not affect other teams.</Empty>
      )}
    </Section>
  );
}
