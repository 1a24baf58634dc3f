import type { Schema } from 'apache-arrow';
import { writeSchema } from '../ipc/write-schema.ts';

/** Knows which schema a stream has announced. */
export class SchemaTracker {
  #schema: Schema | undefined;
  #bytes: Uint8Array | undefined;

  /**
   * Takes note of the schema; true where it differs from the one before, so that it has to be announced.
   * Schemas that write the same bytes are the same.
   */
  announce(schema: Schema): boolean {
    if (schema === this.#schema) return false;
    const bytes = writeSchema(schema);
    const same = this.#bytes !== undefined && Buffer.compare(bytes, this.#bytes) === 0;
    this.#schema = schema;
    this.#bytes = bytes;
    return !same;
  }
}
