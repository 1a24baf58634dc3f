import type { FlightMessage } from '../flight-message.ts';
import { SchemaTracker } from './schema-tracker.ts';
import { splitMessage } from './split-message.ts';

/** The messages as their receiver gets them: see splitMessage. */
export async function* announcing(messages: AsyncIterable<FlightMessage>): AsyncGenerator<FlightMessage> {
  const tracker = new SchemaTracker();
  for await (const message of messages) yield* splitMessage(message, tracker);
}
