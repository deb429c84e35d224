// One team: what it exposes, reads and promises, what it waits for, and its findings.
import { type Findings, type History, type Now, type Team, type Wait } from "../data";
import { DOCUMENTS, LIVE, teamDocument, useDocument } from "../documents";
import { useRegistry } from "../registry";
import { hrefs } from "../route";
import { LongTable } from "../table";
import { AsOf, AssetName, Contact, Empty, Given, Guard, Heading, KindBadge, Missing, Name, noTeam, Section, Task, TeamName, whyNoTeam } from "../ui";
import { ago, at, count, duration, kindOf } from "../words";

export function TeamPage({ name }: { name: string }) {
  const place = useRegistry().teamPlace(name);
  const loaded = useDocument<Team>(place === undefined ? null : teamDocument(place));
  const kicker = <a href={hrefs.teams()}>Teams</a>;
  if (place === undefined) {
    return (
      <Heading title={name} kicker={kicker}>
        <Empty title={noTeam()}>
          {whyNoTeam()} <a href={hrefs.teams()}>All teams</a>
        </Empty>
      </Heading>
    );
  }
  return (
    <>
      <Heading title={name} kicker={kicker} />
      <Given loaded={loaded} what="the team's document">
        {(team) => <About team={team} />}
      </Given>
      <Guard what="The open waits">
        <OpenWaits team={name} />
      </Guard>
      <Guard what="The findings">
        <TeamFindings team={name} />
      </Guard>
    </>
  );
}

function About({ team }: { team: Team }) {
  const assets = Object.entries(team.assets);
  const exposed = assets.filter(([, asset]) => asset.exposed);
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Contact</dt>
          <dd>
            <Contact channel={team.channel} tag={team.tag} />
          </dd>
        </div>
        {team.project && (
          <div>
            <dt>dbt project</dt>
            <dd>
              <Name text={team.project} />
            </dd>
          </div>
        )}
        <div>
          <dt>Assets</dt>
          <dd>
            <a href={hrefs.assets({ team: team.name })}>{count(assets.length, "asset")}</a>, {exposed.length.toLocaleString("en")} exposed
          </dd>
        </div>
        {team.external && (
          <div>
            <dt>Kind</dt>
            <dd>external: scheduled elsewhere</dd>
          </div>
        )}
      </dl>
      <Guard what="The pipelines">
        <Pipelines team={team} />
      </Guard>
      <Guard what="What it exposes">
        <Exposes exposed={exposed} team={team.name} />
      </Guard>
      <Guard what="What it reads">
        <Reads team={team} />
      </Guard>
      <Guard what="What it acknowledged">
        <Acknowledged team={team} />
      </Guard>
    </>
  );
}

function Pipelines({ team }: { team: Team }) {
  return (
    <Section title="Pipelines" many={team.pipelines.length}>
      {team.pipelines.length ? (
        <LongTable
          label="Pipelines"
          columns={["Pipeline", "Schedule", "DAG"]}
          rows={team.pipelines.map((pipeline) => [
            <a href={hrefs.assets({ team: team.name, pipeline: pipeline.name })}>
              <Name text={pipeline.name} />
            </a>,
            <Name text={pipeline.schedule} />,
            pipeline.dag_id ? <Task dag={pipeline.dag_id} /> : <span class="muted">none</span>,
          ])}
        />
      ) : (
        <Empty title="No pipelines" />
      )}
    </Section>
  );
}

function Exposes({ exposed, team }: { exposed: [string, Team["assets"][string]][]; team: string }) {
  const rows = exposed.map(([name, asset]) => {
    const readers = [...new Set(asset.consumers.map((consumer) => consumer.team))];
    const promised = asset.promises.filter((promise) => promise.exposed);
    return [
      <AssetName team={team} asset={name} />,
      <span class="stack">
        {promised.map((promise) => (
          <span>
            <Name text={promise.ready || promise.pipeline} />
            {promise.slo_seconds !== null && <span class="muted"> (SLO {duration(promise.slo_seconds * 1000)})</span>}
          </span>
        ))}
      </span>,
      readers.length ? (
        <span class="names">
          {readers.map((reader) => (
            <TeamName name={reader} />
          ))}
        </span>
      ) : (
        <span class="muted">no team yet</span>
      ),
    ];
  });
  return (
    <Section title="Exposed assets and SLOs" many={exposed.length}>
      {rows.length ? <LongTable label="Exposed assets" columns={["Asset", "SLO", "Read by"]} rows={rows} /> : <Empty title="No exposed assets">Other teams cannot depend on its assets.</Empty>}
    </Section>
  );
}

function Reads({ team }: { team: Team }) {
  const rows = team.reads.map((read) => [
    <AssetName team={read.team} asset={read.asset} />,
    <TeamName name={read.team} />,
    read.ready ? <Name text={read.ready} /> : <span class="muted">unknown</span>,
    <KindBadge kind={kindOf(read.dependency)} />,
    <Task dag={read.dag_id} task={read.task_id} />,
  ]);
  return (
    <Section title="Reads" many={rows.length}>
      {rows.length ? <LongTable label="Assets of other teams" columns={["Asset", "Team", "Ready", "Dependency", "Read by"]} rows={rows} /> : <Empty title="It reads no assets of other teams" />}
    </Section>
  );
}

function Acknowledged({ team }: { team: Team }) {
  if (!team.acknowledged.length) return null;
  return (
    <Section title="Acknowledged changes" many={team.acknowledged.length}>
      <LongTable
        label="Acknowledged changes"
        columns={["Asset", "Change", "Reason"]}
        rows={team.acknowledged.map((each) => [<Name text={each.asset} />, <Name text={each.change} />, <Name text={each.reason} />])}
      />
    </Section>
  );
}

// Live those of now; in a static site those that were open when the history was exported.
function OpenWaits({ team }: { team: string }) {
  const registry = useRegistry();
  const now = useDocument<Now>(LIVE ? DOCUMENTS.now : null);
  const history = useDocument<History>(!LIVE && registry.has("history") ? DOCUMENTS.history : null);
  if (LIVE) {
    return (
      <Section title="Open waits">
        <Given loaded={now} what="the open waits">
          {({ waits, generated_at, missing }) => (
            <>
              <Missing of={missing} />
              <Waits waits={waits.filter((wait) => wait.team === team)} at={generated_at} />
            </>
          )}
        </Given>
      </Section>
    );
  }
  if (!registry.has("history")) return null;
  return (
    <Section title="Open waits">
      <Given loaded={history} what="the history">
        {({ waits, generated_at }) => (
          <>
            <p class="hint-line">
              <AsOf time={generated_at} />
            </p>
            <Waits waits={waits.filter((wait) => wait.team === team && wait.start && !wait.end)} at={generated_at} />
          </>
        )}
      </Given>
    </Section>
  );
}

function Waits({ waits, at: time }: { waits: Wait[]; at: string }) {
  if (!waits.length) return <Empty title="No tasks are waiting">as of {at(time)}</Empty>;
  return (
    <LongTable
      label="Open waits"
      columns={["Task", "Waits for", "Since", "Until"]}
      rows={waits.map((wait) => [
        <Task dag={wait.dag_id} task={wait.task_id} run={wait.run_id} />,
        <span class="stack">
          <AssetName team={wait.producer_team} asset={wait.producer_asset} />
          <TeamName name={wait.producer_team} />
        </span>,
        <span title={at(wait.start)}>{ago(wait.start)}</span>,
        wait.until ? <span title={at(wait.until)}>{ago(wait.until)}</span> : <span class="muted">its wait timeout</span>,
      ])}
    />
  );
}

function TeamFindings({ team }: { team: string }) {
  const registry = useRegistry();
  const given = registry.index.documents.includes("findings");
  const loaded = useDocument<Findings>(given ? DOCUMENTS.findings : null);
  if (!given) return null;
  return (
    <Section title="Findings of the last check">
      <Given loaded={loaded} what="the findings">
        {({ findings }) => {
          const own = findings.filter((finding) => finding.team === team);
          if (!own.length) return <Empty title="No findings">The check output that this site was built from has no findings for this team.</Empty>;
          return (
            <ul class="findings">
              {own.map((finding) => (
                <li class={`finding finding-${finding.severity === "error" ? "error" : "other"}`}>
                  <p>
                    <span class="mono strong">
                      <Name text={finding.code} />
                    </span>{" "}
                    <Name text={finding.message} />
                  </p>
                  <p class="small muted">
                    <Name text={finding.line ? `${finding.path}:${finding.line}` : finding.path} mono />
                    {finding.hint && (
                      <>
                        {" · "}
                        <Name text={finding.hint} />
                      </>
                    )}
                  </p>
                </li>
              ))}
            </ul>
          );
        }}
      </Given>
    </Section>
  );
}
