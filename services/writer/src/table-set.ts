import { TableWriter } from './table-writer.ts';
import type { WriterContext } from './writer-context.ts';

/** The tables that rows have come for. */
export class TableSet {
  readonly #context: WriterContext;
  readonly #tables = new Map<string, TableWriter>();

  constructor(context: WriterContext) {
    this.#context = context;
  }

  get(tenant: string, name: string): TableWriter {
    const key = `${tenant}/${name}`;
    let table = this.#tables.get(key);
    if (!table) {
      table = new TableWriter(this.#context, tenant, name);
      this.#tables.set(key, table);
    }
    return table;
  }

  all(): IterableIterator<TableWriter> {
    return this.#tables.values();
  }

  /** A tenant's tables; of those named, where any are. */
  of(tenant: string, names: readonly string[] | undefined): TableWriter[] {
    return [...this.#tables.values()].filter(
      (table) => table.tenant === tenant && (!names || names.includes(table.name)),
    );
  }

  /** How far a log is committed in the tables known here, by `<tenant>/<table>`. */
  marksOf(logId: string): Record<string, number> {
    const marks: Record<string, number> = {};
    for (const [key, table] of this.#tables) {
      const mark = table.knownMarkOf(logId);
      if (mark) marks[key] = mark.lsn;
    }
    return marks;
  }
}
