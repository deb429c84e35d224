// The columns of an asset, each with the tasks of other teams that read it.
import type { Asset, Consumer } from "../data";
import { LongTable } from "../table";
import { Empty, Guard, Name, Section, Task, TeamName } from "../ui";

const SHOWN_FIRST = 5;

// If the data about readers is damaged, the columns are shown without it.
export function Columns({ team, columns, consumers }: { team: string; columns: Asset["columns"]; consumers: Consumer[] }) {
  return (
    <Guard what="The readers of each column" instead={<Listed columns={columns} readers={[]} />}>
      <OfTeam team={team} columns={columns} consumers={consumers} />
    </Guard>
  );
}

function OfTeam({ team, columns, consumers }: { team: string; columns: Asset["columns"]; consumers: Consumer[] }) {
  return <Listed columns={columns} readers={consumers.filter((consumer) => consumer.team !== team)} />;
}

function Listed({ columns, readers }: { columns: Asset["columns"]; readers: Consumer[] }) {
  const every = readers.filter((reader) => reader.columns === "*");
  const unknown = readers.filter((reader) => reader.columns !== "*" && !Array.isArray(reader.columns));
  const byColumn = readersByColumn(readers);
  const known = unknown.length < readers.length;
  return (
    <Section title="Columns" many={columns.length}>
      {known && <Readers title="Every column is read by" readers={every} />}
      {known && <Readers title="Possibly read by (columns unknown)" readers={unknown} />}
      {columns.length ? (
        <LongTable
          label="Columns"
          columns={["Name", "Type", "Description", ...(known ? ["Read by other teams"] : [])]}
          rows={columns.map((column) => [
            <Name text={column.name} mono />,
            column.type ? <Name text={column.type} mono /> : <span class="muted">unknown</span>,
            column.description ? <Name text={column.description} /> : <span class="muted">–</span>,
            ...(known ? [<Tasks readers={byColumn.get(column.name.toLowerCase()) ?? []} />] : []),
          ])}
        />
      ) : (
        <Empty title="No columns known">Columns come from the properties of the dbt model.</Empty>
      )}
    </Section>
  );
}

// Column names are compared case-insensitively, as in the report of a pull request.
function readersByColumn(readers: Consumer[]): Map<string, Consumer[]> {
  const found = new Map<string, Consumer[]>();
  for (const reader of readers) {
    if (!Array.isArray(reader.columns)) continue;
    for (const name of new Set(reader.columns.map((column) => column.toLowerCase()))) {
      found.set(name, [...(found.get(name) ?? []), reader]);
    }
  }
  return found;
}

function Readers({ title, readers }: { title: string; readers: Consumer[] }) {
  if (!readers.length) return null;
  return (
    <div class="column-readers">
      <span class="muted">{title}:</span>
      <Tasks readers={readers} />
    </div>
  );
}

function Tasks({ readers }: { readers: Consumer[] }) {
  if (!readers.length) return <span class="muted">–</span>;
  const [first, rest] = [readers.slice(0, SHOWN_FIRST), readers.slice(SHOWN_FIRST)];
  return (
    <>
      <TaskList readers={first} />
      {rest.length > 0 && (
        <details>
          <summary>{rest.length.toLocaleString("en")} more</summary>
          <TaskList readers={rest} />
        </details>
      )}
    </>
  );
}

function TaskList({ readers }: { readers: Consumer[] }) {
  return (
    <ul class="readers">
      {readers.map((reader) => (
        <li>
          <TeamName name={reader.team} /> <Task dag={reader.dag_id} task={reader.task_id} />
        </li>
      ))}
    </ul>
  );
}
