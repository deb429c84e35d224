// Tables, which become lists of cards on narrow screens.
import { Component, type ComponentChildren } from "preact";

export function Table({ columns, rows, label }: { columns: string[]; rows: ComponentChildren[][]; label: string }) {
  return (
    <table class="table" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col">{column}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells) => (
          <tr>
            {cells.map((cell, i) => (
              <td data-label={columns[i]}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const SHOWN_FIRST = 100;

// A long table shows its first rows, and a button that shows all.
export class LongTable extends Component<{ columns: string[]; rows: ComponentChildren[][]; label: string }, { all: boolean }> {
  override state = { all: false };

  override render() {
    const { columns, rows, label } = this.props;
    const shown = this.state.all ? rows : rows.slice(0, SHOWN_FIRST);
    return (
      <>
        <Table columns={columns} rows={shown} label={label} />
        {shown.length < rows.length && (
          <button type="button" class="button more" onClick={() => this.setState({ all: true })}>
            Show all {rows.length.toLocaleString("en")}
          </button>
        )}
      </>
    );
  }
}
