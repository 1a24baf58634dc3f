import type { FlightMessage } from '../flight-message.ts';
import { textOf } from './streams.ts';

/** What a message holds, in a form that is easy to compare. */
export function shape({ descriptor, schema, batch, appMetadata }: FlightMessage): object {
  return {
    ...(descriptor && { descriptor: descriptor.path ?? textOf(descriptor.command) }),
    ...(schema && { schema: schema.fields.map((field) => `${field.name}: ${field.type}`) }),
    ...(batch && { rows: batch.numRows }),
    ...(appMetadata && { metadata: textOf(appMetadata) }),
  };
}
