import type { RecordBatch, Schema } from 'apache-arrow';
import type { FlightDescriptor } from './descriptor.ts';

/**
 * One message of a Flight data stream. Every part is optional: a message may hold a descriptor alone, metadata alone,
 * a schema, a batch, or several of them.
 *
 * `schema` announces the schema of the batches after it, a later one replaces it. A sender may leave it out: where a
 * batch's schema differs from the one announced, it is announced by itself. A receiver always gets it in a message of
 * its own, before the first batch that has it.
 *
 * Batches and bytes belong to the receiver for reading only; a sender must not change them after handing them over.
 */
export interface FlightMessage {
  readonly descriptor?: FlightDescriptor;
  readonly schema?: Schema;
  readonly batch?: RecordBatch;
  readonly appMetadata?: Uint8Array;
}
