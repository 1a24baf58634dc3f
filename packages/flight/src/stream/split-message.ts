import type { FlightMessage } from '../flight-message.ts';
import type { SchemaTracker } from './schema-tracker.ts';

/**
 * A message as its receiver gets it: the schema in a message of its own before the first batch that has it, with the
 * descriptor; the batch with its metadata. A schema that is announced already isn't announced again.
 */
export function splitMessage(message: FlightMessage, tracker: SchemaTracker): readonly FlightMessage[] {
  const { batch, schema, descriptor, appMetadata } = message;
  const messages: FlightMessage[] = [];
  const news = schema && tracker.announce(schema) ? schema : undefined;
  if (!batch) {
    if (!schema || news) return [message];
    return descriptor || appMetadata
      ? [{ ...(descriptor && { descriptor }), ...(appMetadata && { appMetadata }) }]
      : [];
  }
  if (news) messages.push({ schema: news, ...(descriptor && { descriptor }) });
  if (tracker.announce(batch.schema)) {
    messages.push({ schema: batch.schema, ...(descriptor && !news && { descriptor }) });
  }
  if (messages.length === 0)
    return schema ? [{ batch, ...(descriptor && { descriptor }), ...(appMetadata && { appMetadata }) }] : [message];
  messages.push({ batch, ...(appMetadata && { appMetadata }) });
  return messages;
}
