import type { Schema } from 'apache-arrow';
import type { FlightMessage } from '../flight-message.ts';
import { SchemaTracker } from '../stream/schema-tracker.ts';
import { splitMessage } from '../stream/split-message.ts';

/** Makes one stream of several: a schema that is announced already isn't announced again by the next one. */
export class FetchedSchema {
  readonly #tracker = new SchemaTracker();
  /** Schema objects that are equal to the one announced: each stream has its own. */
  #announced = new WeakSet<Schema>();

  /** The messages as which a message of one of the streams is handed over. */
  of(message: FlightMessage): readonly FlightMessage[] {
    const { batch, schema } = message;
    if (!schema && (!batch || this.#announced.has(batch.schema))) return [message];
    const messages = splitMessage(message, this.#tracker);
    if (messages.some((part) => part.schema)) this.#announced = new WeakSet();
    const latest = batch?.schema ?? schema;
    if (latest) this.#announced.add(latest);
    return messages;
  }
}
