import type { DataType } from 'apache-arrow';
import type { DuckPool } from '../duck-pool.ts';

/** The Arrow types in which DuckDB answers its own, asked of it once each. */
export class ArrowTypes {
  readonly #duck: Pick<DuckPool, 'describe'>;
  readonly #known = new Map<string, DataType>();

  constructor(duck: Pick<DuckPool, 'describe'>) {
    this.#duck = duck;
  }

  /** A function from the name of any of the types to the Arrow type. @throws DuckDbError for a name that is none */
  async of(duckTypes: Iterable<string>): Promise<(duckType: string) => DataType> {
    const missing = [...new Set(duckTypes)].filter((type) => !this.#known.has(type));
    if (missing.length > 0) {
      const columns = missing.map((type, i) => `NULL::${type} AS c${i}`);
      const { fields } = (await this.#duck.describe(`SELECT ${columns.join(', ')}`)).schema;
      missing.forEach((type, i) => {
        this.#known.set(type, fields[i]!.type);
      });
    }
    return (type) => this.#known.get(type)!;
  }
}
