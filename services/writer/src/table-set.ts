import { tableKey } from './table-key.ts';
import { TableWriter } from './table-writer.ts';
import type { WriterContext } from './writer-context.ts';

/** The tables that rows have come for. */
export class TableSet {
  readonly #context: WriterContext;
  readonly #tables = new Map<string, TableWriter>();

  constructor(context: WriterContext) {
    this.#context = context;
  }

  /** @param uuid of a user's table: what tells it from others of its name */
  get(tenant: string, name: string, uuid?: string): TableWriter {
    const key = tableKey(tenant, name, uuid);
    let table = this.#tables.get(key);
    if (!table) {
      table = new TableWriter(this.#context, tenant, name, uuid);
      this.#tables.set(key, table);
    }
    return table;
  }

  all(): IterableIterator<TableWriter> {
    return this.#tables.values();
  }

  /** Forgets the tables that were dropped. */
  forgetGone(): void {
    for (const [key, table] of this.#tables) if (table.isGone) this.#tables.delete(key);
  }

  /** A tenant's tables; of those named, where any are. */
  of(tenant: string, names: readonly string[] | undefined): TableWriter[] {
    return [...this.#tables.values()].filter(
      (table) => table.tenant === tenant && (!names || names.includes(table.name)),
    );
  }

  /** How far a log is committed in the tables known here, by `<tenant>/<table>` (and a user's table's UUID). */
  marksOf(logId: string): Record<string, number> {
    const marks: Record<string, number> = {};
    for (const [key, table] of this.#tables) {
      if (table.isGone) continue;
      const mark = table.knownMarkOf(logId);
      if (mark) marks[key] = mark.lsn;
    }
    return marks;
  }
}
